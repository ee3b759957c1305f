"""Change the password, with the one that is known."""

from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import identifiers, lifecycle, passwords
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges import newest
from vestibule.challenges.policy import Purpose
from vestibule.courier import messages
from vestibule.flows import owner, securing, sign_in
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow("password_change.change")
def change(*, client: Client, current: str, password: str) -> None:
    """A new password; every other session, device and pending change ends, and the owner is told.

    Raises Unauthenticated, StepUpRequired, InvalidCredentials and Locked (the current one, counted like any try),
    Invalid (the new one), Unavailable.
    """
    user = securing.recently_signed_in(client)
    sign_in.check(client, user, current)
    typed = securing.acceptable(user, password)
    if typed == passwords.normalised(current):
        raise Invalid({"password": [FieldError("password_unchanged", _("This is the password that you have."))]})
    hashed = passwords.hashed(typed)
    with atomic():
        lifecycle.set_password(securing.hold(client, user), hashed, client.at)
        securing.cut_off(client, user.pk, but=client.session_id)
        for address in filter(None, (user.email, user.phone_number)):
            subjects = identifiers.digests(identifiers.address(address))
            newest.hold(Purpose.PASSWORD_RESET, subjects, client.at).clear(client.at)
        record(events.PASSWORD_CHANGED, client)
        owner.warn(client, user, messages.PASSWORD_CHANGED)
    securing.call_off(user.pk, user.email, user.phone_number)
