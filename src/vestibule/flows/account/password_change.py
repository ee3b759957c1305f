"""Change the password, by a person who knows the current one; or remove it."""

from vestibule.accounts import directory, lifecycle, passwords
from vestibule.accounts.lifecycle import LockedUser
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges import newest
from vestibule.challenges.policy import Purpose
from vestibule.conf import conf
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.account.ways_in import has_another_way_in
from vestibule.flows.completion import Via
from vestibule.flows.flow import flow
from vestibule.flows.sign_in import by_password
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid, LastSignInMethod, NotFound
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
        held = step_up.lock_current_user(client, user)
        _replace_password(client, held, hashed)
        record_event(events.PASSWORD_CHANGED, client)
        notices.warn_owner(client, user, messages.PASSWORD_CHANGED)
    step_up.cancel_pending_changes(user)


@flow("password_change.remove")
def remove_password(*, client: Client) -> None:
    """Remove the password, if there is another way in; end every other session, device and pending change, and tell the
    owner. An account without a password is left unchanged.

    Raises:
        NotFound: PASSWORDS is `required`.
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        StepUpRequired: the sign-in is not recent.
        LastSignInMethod: the account has neither a passkey nor a proved e-mail address that a magic link goes to.
        Unavailable: the database cannot be reached.
    """
    if conf.passwords == "required":
        raise NotFound
    step_up.require_recent_user(client)
    with atomic():
        held = step_up.lock_current_user(client)
        if not held.has_usable_password():
            return
        if not has_another_way_in(held, without=Via.PASSWORD):
            raise LastSignInMethod
        _replace_password(client, held, lifecycle.NO_PASSWORD)
        record_event(events.PASSWORD_REMOVED, client)
        notices.warn_owner(client, held, messages.PASSWORD_REMOVED)
    step_up.cancel_pending_changes(held)


def _replace_password(client: Client, user: LockedUser, hashed: str) -> None:
    """Set the hash, and end what the old password opened, in the caller's transaction."""
    lifecycle.set_password_hash(user, hashed, client.at)
    step_up.end_sessions_and_devices(client, user.pk, except_session=client.session_id)
    for address in directory.addresses_of(user):
        newest.lock_pointer(Purpose.PASSWORD_RESET, address.all_digests, client.at).retire_all(client.at)
