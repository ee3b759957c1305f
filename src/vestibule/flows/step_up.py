"""What flows that guard an account share: a recent sign-in, a password by the policy, cutting off who else was in."""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from vestibule.accounts import lifecycle, passwords
from vestibule.accounts.lifecycle import LockedUser
from vestibule.accounts.models import Status, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.flows import notices
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.sessions import devices, registry

PENDING_CHANGES = (Purpose.EMAIL_CHANGE, Purpose.PHONE_CHANGE)
RESETS = (Purpose.PASSWORD_RESET,)


def require_user(client: Client) -> User:
    """Who asks. Raises Unauthenticated."""
    if client.user_id is None:
        raise errors.Unauthenticated
    return User.objects.select_related("profile").get(pk=client.user_id)


def require_recent_user(client: Client) -> User:
    """Who asks, and proved it in the last ten minutes. Raises Unauthenticated, StepUpRequired."""
    user = require_user(client)
    require_recent_sign_in(client)
    return user


def require_recent_sign_in(client: Client) -> None:
    """The sign-in is one of the last ten minutes. Raises StepUpRequired."""
    if client.auth_time is None or client.auth_time <= client.at - settings.STEP_UP:
        raise errors.StepUpRequired


def lock_current_user(client: Client, compared: User | None = None) -> LockedUser:
    """Who asks, as they stand now: the rows of account and session are locked until the caller's transaction ends, so
    that what is decided by them is so when it is done. `compared`: whose password was compared a moment ago.

    Raises Unauthenticated, InvalidCredentials (the password is another by now), SessionRevoked (so is the session).
    """
    if client.user_id is None or client.session_id is None:
        raise errors.Unauthenticated
    held = lifecycle.lock_user(client.user_id)
    if held and compared and held.password != compared.password:
        raise errors.InvalidCredentials
    if held is None or held.status != Status.ACTIVE or not registry.lock_session(client.session_id):
        raise errors.SessionRevoked
    return held


def validate_new_password(user: User, password: str) -> str:
    """A new password in its one spelling, by the policy that holds at every door. Raises Invalid."""
    typed = passwords.normalise_password(password)
    found = passwords.find_policy_violations(
        typed,
        email=user.email or "",
        username=user.username or "",
        full_name=user.full_name,
        phone_number=user.phone_number or "",
    )
    if found:
        raise Invalid({"password": found})
    return typed


def require_matching_passwords(password: str, confirmation: str | None) -> None:
    """The two times that it was typed. Raises Invalid."""
    if confirmation is not None and passwords.normalise_password(confirmation) != passwords.normalise_password(
        password
    ):
        raise Invalid({"password2": [FieldError("password_mismatch", _("The two passwords differ."))]})


def end_sessions_and_devices(client: Client, user_id: UUID, *, except_session: UUID | None = None) -> None:
    """End the sessions (all but one), and forget the devices and networks that they came from, in the caller's
    transaction."""
    if ended := registry.revoke_sessions(user_id, client.at, except_session=except_session):
        record_event(events.SESSION_ENDED, client, user_id=user_id, code="cut_off", sessions=ended)
    devices.forget_devices_and_networks(user_id, except_session=except_session)


def cancel_pending_changes(user_id: UUID, *addresses: str | None) -> None:
    """Whatever change was under way is off, and so is every reset that was asked for at these addresses; after the
    commit."""
    for seen in notices.list_outstanding_challenges(user_id, PENDING_CHANGES, RESETS, filter(None, addresses)):
        challenges.retire(seen)
