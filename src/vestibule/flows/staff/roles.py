"""Roles, assigned by the command line or an admin. One active admin always remains."""

from uuid import UUID

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.models import Role, Status, User
from vestibule.addresses.address import Email
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.storage.database import atomic


@flow("roles.give")
def give_role_by_email(*, client: Client, email: Email, role: Role) -> User:
    """Give the account with this address a role, which counts from its next request. Giving the same role changes
    nothing.

    Raises:
        Invalid: no account has the address, or no admin would be left.
        Unavailable: the database cannot be reached.
    """
    user = directory.find_account_by_address(email)
    if user is None:
        raise Invalid({"email": [FieldError("not_found")]})
    return _change_role(client, user, role)


@flow("roles.assign")
def assign_role(*, client: Client, user_id: UUID, role: Role, reason: str) -> User:
    """Give this person a role, on behalf of an admin who gives a reason.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        NotFound: there is no such person.
        Invalid: no reason was given, the person has no account, or no admin would be left.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.ROLE)
    user = permissions.load_person(user_id)
    if user.status not in (Status.ACTIVE, Status.SUSPENDED):
        raise permissions.status_refusal("account_missing")
    return _change_role(client, user, role, reason=permissions.parse_reason(reason))


def require_another_admin(user_id: UUID) -> None:
    """Check that another active admin remains, and lock all active admins until the caller's transaction ends.

    Raises:
        Invalid: this person is the only one.
    """
    if lifecycle.lock_active_admins() == [user_id]:
        raise Invalid({"role": [FieldError("last_admin")]})


def _change_role(client: Client, user: User, role: Role, *, reason: str = "") -> User:
    with atomic():
        if role != Role.ADMIN:
            require_another_admin(user.pk)
        if client.user_id:
            permissions.lock_staff_member(client, Permission.ROLE)
        if lifecycle.set_user_role(user.pk, role):
            record_event(events.ROLE_GIVEN, client, user_id=user.pk, code=role, reason=reason)
    user.role = role
    return user
