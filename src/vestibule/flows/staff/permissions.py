"""Permissions of the staff: one table (docs/permissions.md), checked against the role that the database holds now."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from vestibule.accounts.models import Role, User
from vestibule.conf import conf
from vestibule.flows import step_up
from vestibule.flows.flow import flow
from vestibule.kernel import errors, text
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid

LONGEST_REASON = 300  # characters


class Permission(StrEnum):
    """An act of the staff, in the words of the table."""

    LOOK = "look at people, sessions, messages and events"
    RESEND = "resend a verification"
    SIGN_OUT = "sign a person out everywhere"
    RESET = "start a password reset"
    LIFT = "write again to an address that mail came back from"
    SUSPEND = "suspend an account"
    REACTIVATE = "reactivate an account"
    CLOSE = "close an account"
    RESET_FACTORS = "reset second factors"
    UNLINK = "take off identities at other providers"
    ROLE = "give a role"
    EXPORT = "export the audit log"
    LOOK_AT_APPLICATIONS = "look at applications"
    MANAGE_APPLICATIONS = "make, change and remove applications"


LOOKING = frozenset({Permission.LOOK, Permission.LOOK_AT_APPLICATIONS})
SUPPORT_PERMISSIONS = frozenset(
    {Permission.LOOK, Permission.RESEND, Permission.SIGN_OUT, Permission.RESET, Permission.LIFT}
)
ROLE_PERMISSIONS: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {Role.ADMIN: frozenset(Permission), Role.MANAGER: SUPPORT_PERMISSIONS, Role.USER: frozenset()}
)


@flow("staff.enter")
def enter_admin(*, client: Client) -> User:
    """Return the signed-in user, if they may look at people in the admin. A refused attempt is recorded, as for every
    flow.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        Unavailable: the database cannot be reached.
    """
    return require_permission(client, Permission.LOOK)


def require_permission(client: Client, permission: Permission) -> User:
    """Return the signed-in user, if their role has the permission and they proved who they are recently enough: within
    STAFF_SESSION (twelve hours by default) to look, within STEP_UP for everything else.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older.
    """
    user = step_up.require_user(client)
    if permission not in ROLE_PERMISSIONS[user.role]:
        raise errors.NotAllowed
    step_up.require_enrolment(client)
    step_up.require_recent_sign_in(client, conf.staff_session if permission in LOOKING else conf.step_up)
    return user


def lock_staff_member(client: Client, permission: Permission) -> None:
    """Lock the account, session and role of the member of staff until the caller's transaction ends, and check the
    permission again. A caller that also locks the admins (`roles.require_another_admin`) locks those first.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the role lacks the permission by now.
    """
    if permission not in ROLE_PERMISSIONS[step_up.lock_current_user(client).role]:
        raise errors.NotAllowed


def load_person(user_id: UUID) -> User:
    """Return the person that the staff act on.

    Raises:
        NotFound: there is no such person.
    """
    user = User.objects.select_related("profile").filter(pk=user_id).first()
    if user is None:
        raise errors.NotFound
    return user


def parse_reason(typed: str) -> str:
    """Return the reason for an act as one line of text. It is kept with the event.

    Raises:
        Invalid: the reason is missing, too long or not printable.
    """
    said = " ".join(text.normalise_prose(typed).split())
    if len(said) < 3:
        raise Invalid({"reason": [FieldError("required", "reason_required")]})
    if len(said) > LONGEST_REASON or not text.is_prose(said):
        raise Invalid({"reason": [FieldError("invalid", "reason_malformed", {"n": LONGEST_REASON})]})
    return said


def status_refusal(reason: str) -> Invalid:
    """Return the refusal for an act that the account's status does not allow."""
    return Invalid({"status": [FieldError("impossible", reason)]})
