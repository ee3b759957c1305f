"""Refresh a session, list and end sessions, sign out."""

from uuid import UUID

from vestibule.addresses.address import restore_address
from vestibule.applications.grants import revoke_grants
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import WayBackPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery, password_reset
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import registry
from vestibule.sessions.models import Session
from vestibule.sessions.refresh_tokens import (
    IssuedTokens,
    Reused,
    find_session_by_refresh_token,
    rotate_refresh_token,
    rotate_refresh_token_at_once,
)
from vestibule.sessions.relocation import note_move_elsewhere
from vestibule.storage.database import atomic


@flow("sessions.refresh")
def refresh_session(*, client: Client, token: str) -> IssuedTokens:
    """Return the next access and refresh token. A refresh token that comes a second time ends its session.

    If the token comes from another network and another kind of client than the session's, its owner is told, once for
    each such place.

    Raises:
        CredentialInvalid: the token was not issued by this service.
        CredentialExpired: the token is too old.
        SessionRevoked: the session has ended, or the token was used before.
        Unavailable: the database cannot be reached.
    """
    rotated = rotate_refresh_token_at_once(client, token) or _rotate_or_end_session(client, token)
    record_event(events.SESSION_REFRESHED, client, session=str(rotated.session.pk))
    return rotated


def _rotate_or_end_session(client: Client, token: str) -> IssuedTokens:
    with atomic():
        rotated = rotate_refresh_token(client, token)
        session = rotated.session
        if isinstance(rotated, Reused):
            _end_stolen_session(client, session)
        elif note_move_elsewhere(session, client):
            record_event(events.SESSION_ELSEWHERE, client, user_id=session.user_id, session=str(session.pk))
            notices.warn_owner(client, session.user, messages.SESSION_ELSEWHERE, session_id=session.pk)
    if isinstance(rotated, Reused):
        raise errors.SessionRevoked
    return rotated


@flow("sessions.mine")
def list_own_sessions(*, client: Client) -> list[Session]:
    """Return the client's own live sessions, newest first.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    if client.user_id is None:
        raise errors.Unauthenticated
    return list(registry.list_live_sessions(client.user_id, client.at))


@flow("sessions.end")
def end_session(*, client: Client, id: UUID) -> None:
    """End one of the client's own sessions. Ending another than the one that asks needs a recent sign-in.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: it is another session and the sign-in is not recent.
        NotFound: the client's account has no such live session.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client) if id == client.session_id else step_up.require_recent_user(client)
    if not registry.list_live_sessions(user.pk, client.at).filter(pk=id).exists():
        raise errors.NotFound
    _end_sessions(client, user.pk, only=id)


@flow("sessions.disown")
def disown_sign_in(*, client: Client, token: str) -> None:
    """Handle "this wasn't me": end every session, disable the password, and send a reset to the address of the link.

    Raises:
        TokenInvalid: the link was not issued by this service.
        LinkExpired: the link is too old, or a later recovery made it void.
        AlreadyUsed: the link was used before.
        Locked: another request holds this link.
        EmailTaken: another account has the e-mail address that would be restored.
        PhoneTaken: another account has the number that would be restored.
        Unavailable: a store cannot be reached.
    """
    seen, secret = challenges.find_live_link(Purpose.NOT_ME, token, client.at)
    with challenges.verify(seen, secret, WayBackPayload, now=client.at, by=SecretKind.LINK) as proof, atomic():
        user = account_recovery.recover_account(client, proof)
        record_event(events.SESSION_DISOWNED, client, user_id=user.pk, challenge_id=proof.id)
        password_reset.send_to_owner(client, user, restore_address(proof.payload.address or ""))
    account_recovery.retire_dead_challenges(client, user.pk)


@flow("sessions.sign_out")
def sign_out(*, client: Client, token: str = "") -> None:
    """End the session that asks, or that of a refresh token. Ending a session that has ended is no error.

    Raises:
        CredentialInvalid: the refresh token was not issued by this service.
        Unauthenticated: the client is not signed in and sent no token.
        Unavailable: the database cannot be reached.
    """
    if client.user_id and client.session_id:
        _end_sessions(client, client.user_id, only=client.session_id)
    elif token:
        session = find_session_by_refresh_token(token)
        _end_sessions(client, session.user_id, only=session.pk)
    else:
        raise errors.Unauthenticated


@flow("sessions.sign_out_everywhere")
def sign_out_everywhere(*, client: Client) -> None:
    """End every session of the client's account, and everything that applications were granted.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    if client.user_id is None:
        raise errors.Unauthenticated
    with atomic():
        _end_sessions(client, client.user_id)  # first: it waits for a code that one of them gives tokens for
        revoke_grants(client.user_id, client.at)


def _end_sessions(client: Client, user_id: UUID, *, only: UUID | None = None) -> None:
    with atomic():
        if ended := registry.revoke_sessions(user_id, client.at, only_session=only):
            record_event(events.SESSION_ENDED, client, user_id=user_id, sessions=ended)


def _end_stolen_session(client: Client, session: Session) -> None:
    """End the session, record the event and mail the owner, in the caller's transaction."""
    registry.revoke_sessions(session.user_id, client.at, only_session=session.pk)
    record_event(events.SESSION_REFRESH_REUSED, client, user_id=session.user_id, session=str(session.pk))
    notices.post_message(client, messages.SESSION_ENDED, notices.contact_address(session.user), owner=session.user)
