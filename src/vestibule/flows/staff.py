"""Who of the staff may do what: one table (docs/permissions.md), read with the role that the database holds now."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from vestibule.accounts.models import Role, User
from vestibule.flows import securing
from vestibule.flows.flow import flow
from vestibule.kernel import errors, text
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid

LONGEST_REASON = 300  # characters


class Thing(StrEnum):
    """What the staff can do; the words of the table."""

    LOOK = "look at people, sessions, messages and events"
    RESEND = "resend a verification"
    SIGN_OUT = "sign a person out everywhere"
    RESET = "start a password reset"
    LIFT = "write again to an address that mail came back from"
    SUSPEND = "suspend an account"
    REACTIVATE = "reactivate an account"
    CLOSE = "close an account"
    ROLE = "give a role"
    EXPORT = "export the audit log"


SUPPORT = frozenset({Thing.LOOK, Thing.RESEND, Thing.SIGN_OUT, Thing.RESET, Thing.LIFT})
MAY: Mapping[str, frozenset[Thing]] = MappingProxyType(
    {Role.ADMIN: frozenset(Thing), Role.MANAGER: SUPPORT, Role.USER: frozenset()}
)


@flow("staff.enter")
def enter(*, client: Client) -> User:
    """Whoever asks, where they may look around in the admin; whoever tried and may not is on record.

    Raises Unauthenticated, NotAllowed, StepUpRequired, Unavailable.
    """
    return may(client, Thing.LOOK)


def may(client: Client, thing: Thing) -> User:
    """Whoever asks, where their role lets them; whatever changes something wants a recent sign-in, and looking one of
    the last twelve hours.

    Raises Unauthenticated, NotAllowed, StepUpRequired.
    """
    user = securing.signed_in(client)
    if thing not in MAY[user.role]:
        raise errors.NotAllowed
    if not recent(client, settings.STAFF_SESSION if thing is Thing.LOOK else settings.STEP_UP):
        raise errors.StepUpRequired
    return user


def hold(client: Client, thing: Thing) -> None:
    """The member of staff may still do this, until the caller's transaction ends: account, session and role are
    held. Where admins are held too (`roles.keep_an_admin`), those come first.

    Raises Unauthenticated, NotAllowed.
    """
    if thing not in MAY[securing.hold(client).role]:
        raise errors.NotAllowed


def recent(client: Client, span: timedelta) -> bool:
    """Whether whoever asks proved who they are so lately."""
    return client.auth_time is not None and client.auth_time > client.at - span


def person(user_id: UUID) -> User:
    """Whom it is about. Raises NotFound."""
    user = User.objects.select_related("profile").filter(pk=user_id).first()
    if user is None:
        raise errors.NotFound
    return user


def reason(typed: str) -> str:
    """Why, in a line of a person's own words: it stays with the event. Raises Invalid."""
    said = " ".join(text.lines(typed).split())
    if len(said) < 3:
        raise Invalid({"reason": [FieldError("required", _("Say why: the reason is kept with the event."))]})
    if len(said) > LONGEST_REASON or not text.is_prose(said):
        words = _("Use at most %(n)d printable characters.") % {"n": LONGEST_REASON}
        raise Invalid({"reason": [FieldError("invalid", words)]})
    return said


def impossible(words: str) -> Invalid:
    """What this account's state does not allow."""
    return Invalid({"status": [FieldError("impossible", words)]})
