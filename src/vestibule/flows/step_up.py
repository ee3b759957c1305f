"""Checks and acts that flows on a signed-in account share: a recent sign-in, the password policy, ending other
sessions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from vestibule.accounts import directory, lifecycle, passwords
from vestibule.accounts.lifecycle import LockedUser
from vestibule.accounts.models import Status, User
from vestibule.applications.api_keys import delete_keys
from vestibule.applications.grants import move_grants, revoke_grants
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.conf import conf
from vestibule.factors.registry import has_second_factor
from vestibule.factors.remembered_devices import forget_remembered_devices
from vestibule.flows import notices
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.sessions import devices, registry
from vestibule.sessions.models import MULTI_FACTOR, Session
from vestibule.storage.prepared import PreparedQuery

log = structlog.get_logger("vestibule.flows")

PENDING_CHANGES = (Purpose.EMAIL_CHANGE, Purpose.PHONE_CHANGE)
RESETS = (Purpose.PASSWORD_RESET,)
_WITH_PROFILE = PreparedQuery(User.objects.select_related("profile"), "id")


def require_user(client: Client) -> User:
    """Return the signed-in user with their profile.

    Raises:
        Unauthenticated: the client is not signed in.
        DoesNotExist: the account is gone.
    """
    if client.user_id is None:
        raise errors.Unauthenticated
    user = _WITH_PROFILE.first(client.user_id)
    if user is None:
        raise User.DoesNotExist
    return user


def require_enrolment(client: Client) -> None:
    """Check that the client's account has the second factor that its role needs (MFA_REQUIRED_ROLES).

    Raises:
        EnrolmentRequired: it has none.
    """
    if client.owes_enrolment:
        raise errors.EnrolmentRequired


def require_recent_user(client: Client) -> User:
    """Return the signed-in user, if they proved who they are within STEP_UP (ten minutes by default).

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the last proof is older.
    """
    user = require_user(client)
    require_recent_sign_in(client)
    return user


def require_recent_sign_in(client: Client, within: timedelta | None = None) -> None:
    """Check that the client proved who it is within that time, by default STEP_UP, and by a second factor if the
    account has one: also the session of a remembered device, or one from before the factor was set up, proves it.

    Raises:
        StepUpRequired: the last proof is older, or was one factor only.
    """
    if client.auth_time is None or client.auth_time <= client.at - (within or conf.step_up):
        raise errors.StepUpRequired
    if MULTI_FACTOR not in client.amr and isinstance(client.account, User) and has_second_factor(client.account):
        raise errors.StepUpRequired


def renew_session(session: Session, proved_at: datetime, amr: Sequence[str]) -> Session:
    """Set the session's `auth_time`, in the caller's transaction (`registry.reauthenticate_session`). The grants of a
    session that continues under a new id go along."""
    begun_as = session.pk
    renewed = registry.reauthenticate_session(session, proved_at, amr)
    if renewed.pk != begun_as:
        move_grants(begun_as, renewed.pk)
    return renewed


def lock_current_user(client: Client, compared: User | None = None) -> LockedUser:
    """Lock the rows of the client's account and session until the caller's transaction ends, and return the account as
    it is now. What the caller decides by these rows is therefore still true when it commits.

    `compared` is the user as read when the caller checked the current password.

    Raises:
        Unauthenticated: the client is not signed in.
        InvalidCredentials: the password was changed since `compared` was read.
        SessionRevoked: the session was ended, or the account is not active any more.
    """
    if client.user_id is None or client.session_id is None:
        raise errors.Unauthenticated
    held = lifecycle.lock_user(client.user_id)
    if held and compared and held.password != compared.password:
        raise errors.InvalidCredentials(reason="credentials_changed")
    if held is None or held.status != Status.ACTIVE or not registry.lock_session(client.session_id):
        raise errors.SessionRevoked
    return held


def validate_new_password(user: User, password: str) -> str:
    """Check a new password against the policy and return it normalised. Every flow that sets a password calls this.

    Raises:
        Invalid: the policy refuses the password.
    """
    typed = passwords.normalise_password(password)
    if found := passwords.find_policy_violations(typed, user):
        raise Invalid({"password": found})
    return typed


def require_matching_passwords(password: str, confirmation: str | None) -> None:
    """Check that the password was typed the same way twice. A `confirmation` of None is not compared.

    Raises:
        Invalid: the two differ.
    """
    if confirmation is not None and passwords.normalise_password(confirmation) != passwords.normalise_password(
        password
    ):
        raise Invalid({"password2": [FieldError("password_mismatch")]})


def end_sessions_and_devices(client: Client, user_id: UUID, *, except_session: UUID | None = None) -> None:
    """End the user's sessions, what applications were granted and every API key, and forget the devices and networks
    that they came from and the devices on which no second factor is asked for, in the caller's transaction.
    `except_session` keeps one session and its device."""
    if deleted := delete_keys(user_id):
        record_event(events.API_KEYS_ENDED, client, user_id=user_id, keys=deleted)
    if ended := registry.revoke_sessions(user_id, client.at, except_session=except_session):
        record_event(events.SESSION_ENDED, client, user_id=user_id, code="cut_off", sessions=ended)
    revoke_grants(user_id, client.at)
    devices.forget_devices_and_networks(user_id, except_session=except_session)
    forget_remembered_devices(user_id)


def end_identity_sessions(client: Client, user_id: UUID, identity_id: UUID) -> int:
    """End the sessions that an identity at another provider opened, and what applications were granted in them, offline
    or not, in the caller's transaction. Return how many sessions."""
    ended = registry.revoke_identity_sessions(user_id, identity_id, client.at)
    revoke_grants(user_id, client.at, only_identity=identity_id)
    return ended


@contextmanager
def tidying_after_commit() -> Iterator[None]:
    """Log what the body raises, and go on: the change is committed, and a store that fails now must not turn its answer
    into an error."""
    try:
        yield
    except Exception:
        log.warning("recovery.untidied", exc_info=True)


def cancel_pending_changes(user: User) -> None:
    """Cancel every pending change of address or number of the user, and every reset requested for the addresses that
    `user` was read with. Call it after the commit."""
    with tidying_after_commit():
        addresses = directory.addresses_of(user)
        for seen in notices.list_outstanding_challenges(user.pk, PENDING_CHANGES, RESETS, addresses):
            challenges.retire(seen)
