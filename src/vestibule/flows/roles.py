"""Roles: given by the house, never taken."""

from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.identifiers import Email
from vestibule.accounts.models import Role, User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow
def give(*, client: Client, email: Email, role: Role) -> User:
    """Another role for the account of this address; it counts from the next request on. The same again changes nothing.

    Raises Invalid where no account has the address, or where no admin would be left; Unavailable.
    """
    with atomic():
        admins = lifecycle.hold_admins()
        user = directory.holder_of_email(email)
        if user is None:
            raise Invalid({"email": [FieldError("not_found", _("No account has this address."))]})
        if admins == [user.pk] and role != Role.ADMIN:
            raise Invalid({"role": [FieldError("last_admin", _("Somebody has to be admin: name another first."))]})
        if lifecycle.give_role(user.pk, role):
            record(events.ROLE_GIVEN, client, user_id=user.pk, code=role)
    user.role = role
    return user
