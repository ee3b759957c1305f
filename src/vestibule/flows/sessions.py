"""Stay signed in, and sign out."""

from uuid import UUID

from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier import messages
from vestibule.flows import owner
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import roster
from vestibule.sessions.models import Session
from vestibule.sessions.refresh import Reused, Tokens, family, rotate


@flow
def refresh(*, client: Client, token: str) -> Tokens:
    """The next access and refresh token; a refresh token that comes a second time ends its session.

    Raises CredentialInvalid, CredentialExpired, SessionRevoked, Unavailable.
    """
    with atomic():
        rotated = rotate(client, token)
        if isinstance(rotated, Reused):
            _end_stolen(client, rotated.session)
    if isinstance(rotated, Reused):
        raise errors.SessionRevoked
    record(events.SESSION_REFRESHED, client, session=rotated.session_id)
    return rotated


@flow
def sign_out(*, client: Client, token: str = "") -> None:
    """End the session that asks, or the one of a refresh token; ending what has ended is no error.

    Raises CredentialInvalid, Unauthenticated, Unavailable.
    """
    session_id = client.session_id or (family(token).pk if token else None)
    if session_id is None:
        raise errors.Unauthenticated
    _end(client, Session.objects.get(pk=session_id).user_id, only=session_id)


@flow
def sign_out_everywhere(*, client: Client) -> None:
    """End every session of whoever asks. Raises Unauthenticated, Unavailable."""
    if client.user_id is None:
        raise errors.Unauthenticated
    _end(client, client.user_id)


def _end(client: Client, user_id: UUID, *, only: UUID | None = None) -> None:
    with atomic():
        if ended := roster.end(user_id, client.at, only=only):
            record(events.SESSION_ENDED, client, user_id=user_id, sessions=ended)


def _end_stolen(client: Client, session: Session) -> None:
    """The change, its event and the mail to the owner, in the caller's transaction."""
    Session.objects.filter(pk=session.pk).update(revoked_at=client.at)
    record(events.SESSION_REFRESH_REUSED, client, user_id=session.user_id, session=str(session.pk))
    owner.write(client, messages.SESSION_ENDED, owner.reached_at(session.user))
