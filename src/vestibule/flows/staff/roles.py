"""Roles: given by the house, never taken; and somebody is always admin."""

from uuid import UUID

from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.identifiers import Email
from vestibule.accounts.models import Role, Status, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow("roles.give")
def give_role_by_email(*, client: Client, email: Email, role: Role) -> User:
    """Another role for the account of this address; it counts from the next request on. The same again changes nothing.

    Raises Invalid where no account has the address, or where no admin would be left; Unavailable.
    """
    user = directory.find_account_by_email(email)
    if user is None:
        raise Invalid({"email": [FieldError("not_found", _("No account has this address."))]})
    return _change_role(client, user, role)


@flow("roles.assign")
def assign_role(*, client: Client, user_id: UUID, role: Role, reason: str) -> User:
    """Another role for this person, by an admin who says why.

    Raises Unauthenticated, NotAllowed, StepUpRequired, NotFound, Invalid (no reason; no account; nobody else is admin),
    Unavailable.
    """
    permissions.require_permission(client, Permission.ROLE)
    user = permissions.load_person(user_id)
    if user.status not in (Status.ACTIVE, Status.SUSPENDED):
        raise permissions.status_refusal(_("Only somebody with an account has a role."))
    return _change_role(client, user, role, reason=permissions.parse_reason(reason))


def require_another_admin(user_id: UUID) -> None:
    """Nobody else is admin, so this person stays one: in the caller's transaction, which holds the admins until it
    ends. Raises Invalid."""
    if lifecycle.lock_active_admins() == [user_id]:
        raise Invalid({"role": [FieldError("last_admin", _("Somebody has to be admin: name another first."))]})


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
