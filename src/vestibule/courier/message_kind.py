"""What a kind of message says of itself: its words, and who can cause it."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Cause(StrEnum):
    """Who can cause such a message, and so whose allowance it spends (docs/decisions/0050)."""

    STRANGER = "stranger"  # anybody who types the address
    ACCOUNT = "account"  # a person who is signed in or knows the password, the staff, or the service itself
    ACCOUNT_WITH_UNDO = "way back"  # the same, and the message holds a link that undoes the act


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKind:
    """One row of the table.

    `cause` says who can cause it. `hides_refusal` says that the client is never told whether the message is sent. A
    kind that `says` something uses the common template: that text, a `button` for the link, the code if there is one,
    and `then`. Other kinds have templates of their own.
    """

    name: str
    subject: Promise | str
    cause: Cause
    hides_refusal: bool = False
    says: Promise | str = ""
    button: Promise | str = ""
    then: Promise | str = ""
    by_house: bool = False  # caused by the staff or the service, not by the person
    always: bool = False  # strangers can only delay it: an owner on an unknown device has no other way in
    # False for messages that anybody can cause to an address that has no account
    protects_account: bool = True

    @property
    def template(self) -> str:
        """The name of its templates, without suffix."""
        return "vestibule/courier/letter" if self.says else f"vestibule/courier/{self.name}"


_NOT_YOURS = _("If that was you, you need not do anything. If not, press the button: it ends all sessions.")


def guard_changed(
    name: str, subject: Promise | str, says: Promise | str, then: Promise | str = _NOT_YOURS, *, by_house: bool = False
) -> MessageKind:
    """Return the kind of a message about a change of what guards an account, with the way to take it back."""
    undo = _("This wasn't me")
    return MessageKind(
        name=name,
        subject=subject,
        cause=Cause.ACCOUNT_WITH_UNDO,
        says=says,
        button=undo,
        then=then,
        by_house=by_house,
    )
