"""Change the password, by a person who knows the current one."""

from vestibule.accounts import directory, lifecycle, passwords
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import newest
from vestibule.challenges.policy import Purpose
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.sign_in import by_password
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.storage.database import atomic


@flow("password_change.change")
def change_password(*, client: Client, current: str, password: str) -> None:
    """Set a new password, or the first of an account that has none; end every other session, device and pending change,
    and tell the owner.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        StepUpRequired: the sign-in is not recent.
        InvalidCredentials: the current password is wrong. It is counted like a failed sign-in.
        Locked: too many wrong passwords were tried on this account.
        Invalid: the policy refuses the new password, it equals the current one, or the current one was not typed.
        Unavailable: the database cannot be reached, or too many passwords are being hashed.
    """
    user = by_password.require_recent_owner(client, current, field="current_password")
    typed = step_up.validate_new_password(user, password)
    if typed == passwords.normalise_password(current):
        raise Invalid({"password": [FieldError("password_unchanged")]})
    hashed = passwords.hash_password(typed)
    with atomic():
        lifecycle.set_password_hash(step_up.lock_current_user(client, user), hashed, client.at)
        step_up.end_sessions_and_devices(client, user.pk, except_session=client.session_id)
        for address in directory.addresses_of(user):
            newest.lock_pointer(Purpose.PASSWORD_RESET, address.all_digests, client.at).retire_all(client.at)
        record_event(events.PASSWORD_CHANGED, client)
        notices.warn_owner(client, user, messages.PASSWORD_CHANGED)
    step_up.cancel_pending_changes(user)
