"""Who of the staff may do what: one table (docs/permissions.md), read with the role that the database holds now."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from vestibule.accounts.models import Role, User
from vestibule.flows import step_up
from vestibule.flows.flow import flow
from vestibule.kernel import errors, text
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid

LONGEST_REASON = 300  # characters


class Permission(StrEnum):
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


SUPPORT_PERMISSIONS = frozenset(
    {Permission.LOOK, Permission.RESEND, Permission.SIGN_OUT, Permission.RESET, Permission.LIFT}
)
ROLE_PERMISSIONS: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {Role.ADMIN: frozenset(Permission), Role.MANAGER: SUPPORT_PERMISSIONS, Role.USER: frozenset()}
)


@flow("staff.enter")
def enter_admin(*, client: Client) -> User:
    """Whoever asks, where they may look around in the admin; whoever tried and may not is on record.

    Raises Unauthenticated, NotAllowed, StepUpRequired, Unavailable.
    """
    return require_permission(client, Permission.LOOK)


def require_permission(client: Client, permission: Permission) -> User:
    """Whoever asks, where their role lets them; whatever changes something wants a recent sign-in, and looking one of
    the last twelve hours.

    Raises Unauthenticated, NotAllowed, StepUpRequired.
    """
    user = step_up.require_user(client)
    if permission not in ROLE_PERMISSIONS[user.role]:
        raise errors.NotAllowed
    if not is_recently_proved(client, settings.STAFF_SESSION if permission is Permission.LOOK else settings.STEP_UP):
        raise errors.StepUpRequired
    return user


def lock_staff_member(client: Client, permission: Permission) -> None:
    """The member of staff may still do this, until the caller's transaction ends: account, session and role are
    held. Where admins are held too (`roles.require_another_admin`), those come first.

    Raises Unauthenticated, NotAllowed.
    """
    if permission not in ROLE_PERMISSIONS[step_up.lock_current_user(client).role]:
        raise errors.NotAllowed


def is_recently_proved(client: Client, span: timedelta) -> bool:
    """Whether whoever asks proved who they are so lately."""
    return client.auth_time is not None and client.auth_time > client.at - span


def load_person(user_id: UUID) -> User:
    """Whom it is about. Raises NotFound."""
    user = User.objects.select_related("profile").filter(pk=user_id).first()
    if user is None:
        raise errors.NotFound
    return user


def parse_reason(typed: str) -> str:
    """Why, in a line of a person's own words: it stays with the event. Raises Invalid."""
    said = " ".join(text.normalise_prose(typed).split())
    if len(said) < 3:
        raise Invalid({"reason": [FieldError("required", _("Say why: the reason is kept with the event."))]})
    if len(said) > LONGEST_REASON or not text.is_prose(said):
        words = _("Use at most %(n)d printable characters.") % {"n": LONGEST_REASON}
        raise Invalid({"reason": [FieldError("invalid", words)]})
    return said


def status_refusal(words: str) -> Invalid:
    """What this account's state does not allow."""
    return Invalid({"status": [FieldError("impossible", words)]})
