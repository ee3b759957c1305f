"""What a kind of message says of itself: its words, and who can cause it."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.kernel.linked_pages import LinkedPage


class Cause(StrEnum):
    """Who can cause such a message, and so whose allowance it spends (docs/decisions/0050)."""

    STRANGER = "stranger"  # anybody who types the address
    ACCOUNT = "account"  # a person who is signed in or knows the password, the staff, or the service itself
    ACCOUNT_WITH_UNDO = "way back"  # the same, and the message holds a link that undoes the act


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a mail. It opens the link that the message brings, or the page that is named."""

    label: Promise | str
    page: LinkedPage | None = None


SIGN_IN = Action(_("Sign in"), "login")
CHOOSE_PASSWORD = Action(_("Choose a new password"), "password_reset")
OPEN_SECURITY = Action(_("Open security settings"), "security")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKind:
    """One row of the table.

    `cause` says who can cause it. `hides_refusal` says that the client is never told whether the message is sent.
    A message `says` what happened, has its `actions`, the code if there is one, and `then` what else to know. `preview`
    is what an inbox shows beside the subject; without one it is what the message says. The subject of a mail with a
    code is `code_subject`; a kind without one shows no code.
    """

    name: str
    subject: Promise | str
    cause: Cause
    hides_refusal: bool = False
    code_subject: Promise | str = ""
    preview: Promise | str = ""
    says: Promise | str
    actions: tuple[Action, ...] = ()
    then: Promise | str = ""
    by_house: bool = False  # caused by the staff or the service, not by the person
    always: bool = False  # strangers can only delay it: an owner on an unknown device has no other way in
    # False for messages that anybody can cause to an address that has no account
    protects_account: bool = True
    mail_template: str = "letter"  # of the folder templates/vestibule/courier, without suffix
    sms_template: str = "letter"


SIGN_IN_CODE = _("%(code)s is your sign-in code")
RESET = _("If this wasn't you, choose a new password now: someone else may know yours.")
KEEP = _("If this was you, you don't need to do anything. If not, use the link in this message.")
_NOT_YOU = _(
    "If this was you, you don't need to do anything. If not, use the link in this message: it signs out every device"
    " and lets you choose a new password."
)


def guard_changed(
    name: str,
    subject: Promise | str,
    says: Promise | str,
    then: Promise | str = _NOT_YOU,
    *,
    also: tuple[Action, ...] = (),
    by_house: bool = False,
) -> MessageKind:
    """Return the kind of a message about a change of what guards an account, with the way to take it back."""
    return MessageKind(
        name=name,
        subject=subject,
        cause=Cause.ACCOUNT_WITH_UNDO,
        preview=then,
        says=says,
        actions=(Action(_("This wasn't me")), *also),
        then=then,
        by_house=by_house,
    )
