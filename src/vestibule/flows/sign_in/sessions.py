"""Stay signed in, and sign out."""

from uuid import UUID

from django.db.transaction import atomic

from vestibule.accounts import identifiers
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.courier import messages
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery, password_reset
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import registry
from vestibule.sessions.models import Session
from vestibule.sessions.refresh_tokens import IssuedTokens, Reused, find_session_by_refresh_token, rotate_refresh_token
from vestibule.sessions.relocation import note_move_elsewhere


@flow("sessions.refresh")
def refresh_session(*, client: Client, token: str) -> IssuedTokens:
    """The next access and refresh token; a refresh token that comes a second time ends its session. Of one that comes
    from another network by another kind of client its owner is told, once a place.

    Raises CredentialInvalid, CredentialExpired, SessionRevoked, Unavailable.
    """
    with atomic():
        rotated = rotate_refresh_token(client, token)
        if isinstance(rotated, Reused):
            _end_stolen_session(client, rotated.session)
        elif note_move_elsewhere(rotated.session, client):
            record_event(
                events.SESSION_ELSEWHERE, client, user_id=rotated.session.user_id, session=str(rotated.session.pk)
            )
            notices.warn_owner(client, rotated.session.user, messages.SESSION_ELSEWHERE)
    if isinstance(rotated, Reused):
        raise errors.SessionRevoked
    record_event(events.SESSION_REFRESHED, client, session=str(rotated.session.pk))
    return rotated


@flow("sessions.mine")
def list_own_sessions(*, client: Client) -> list[Session]:
    """The sessions of whoever asks, newest first. Raises Unauthenticated, Unavailable."""
    if client.user_id is None:
        raise errors.Unauthenticated
    return list(registry.list_live_sessions(client.user_id, client.at))


@flow("sessions.end")
def end_session(*, client: Client, id: UUID) -> None:
    """End one session of whoever asks; another than their own wants a recent sign-in.

    Raises Unauthenticated, StepUpRequired, NotFound, Unavailable.
    """
    user = step_up.require_user(client) if id == client.session_id else step_up.require_recent_user(client)
    if not registry.list_live_sessions(user.pk, client.at).filter(pk=id).exists():
        raise errors.NotFound
    _end_sessions(client, user.pk, only=id)


@flow("sessions.disown")
def disown_sign_in(*, client: Client, token: str) -> None:
    """ "This wasn't me": every session ends, no password opens the account, and a reset is on its way to its owner, at
    the address that the link went to.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Locked, EmailTaken, PhoneTaken, Unavailable.
    """
    seen, secret = challenges.find_live_link(Purpose.NOT_ME, token, client.at)
    with challenges.verify(seen, secret, now=client.at, by=SecretKind.LINK) as proof, atomic():
        user = account_recovery.recover_account(client, proof)
        record_event(events.SESSION_DISOWNED, client, user_id=user.pk, challenge_id=proof.id)
        password_reset.send_to_owner(client, user, identifiers.as_email_or_phone(proof.payload["address"]))
    account_recovery.retire_dead_challenges(client, user.pk)


@flow("sessions.sign_out")
def sign_out(*, client: Client, token: str = "") -> None:
    """End the session that asks, or the one of a refresh token; ending what has ended is no error.

    Raises CredentialInvalid, Unauthenticated, Unavailable.
    """
    session_id = client.session_id or (find_session_by_refresh_token(token).pk if token else None)
    if session_id is None:
        raise errors.Unauthenticated
    _end_sessions(client, Session.objects.get(pk=session_id).user_id, only=session_id)


@flow("sessions.sign_out_everywhere")
def sign_out_everywhere(*, client: Client) -> None:
    """End every session of whoever asks. Raises Unauthenticated, Unavailable."""
    if client.user_id is None:
        raise errors.Unauthenticated
    _end_sessions(client, client.user_id)


def _end_sessions(client: Client, user_id: UUID, *, only: UUID | None = None) -> None:
    with atomic():
        if ended := registry.revoke_sessions(user_id, client.at, only_session=only):
            record_event(events.SESSION_ENDED, client, user_id=user_id, sessions=ended)


def _end_stolen_session(client: Client, session: Session) -> None:
    """The change, its event and the mail to the owner, in the caller's transaction."""
    Session.objects.filter(pk=session.pk).update(revoked_at=client.at)
    record_event(events.SESSION_REFRESH_REUSED, client, user_id=session.user_id, session=str(session.pk))
    notices.post_message(client, messages.SESSION_ENDED, notices.contact_address(session.user))
