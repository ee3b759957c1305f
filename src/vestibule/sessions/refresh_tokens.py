"""The refresh tokens of sessions. Each works once, and reuse ends the session (`sessions.rotation`)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from vestibule.conf import conf
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import access_tokens as access
from vestibule.sessions import registry
from vestibule.sessions.models import RefreshToken, Session
from vestibule.sessions.rotation import TokenRotation, digest_token
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

# Locks the session's row, so that rotations and revocations of one session run one after another.
_LOCKED_BY_DIGEST = PreparedQuery(
    RefreshToken.objects.select_related("session__user").select_for_update(of=("session",)), "digest"
)
_ROTATION = TokenRotation(RefreshToken)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """The tokens of a signed-in client. `expires_in` is the life of the access token in whole seconds."""

    session: Session
    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Reused:
    """A used refresh token came again after the grace period, so an attacker may hold a copy."""

    session: Session


def issue_first_tokens(client: Client, session: Session) -> IssuedTokens:
    """Return the first tokens of a new session, in the caller's transaction."""
    refresh = entropy.random_token()
    insert_row(_build_refresh_token(client, session, refresh, parent=None))
    return _build_token_pair(client, session, refresh)


def rotate_refresh_token(client: Client, refresh_token: str) -> IssuedTokens | Reused:
    """Return the next tokens for a refresh token, in the caller's transaction, with the session's row locked.

    Within REFRESH_GRACE the immediate parent yields the same child again.

    Raises:
        CredentialInvalid: the token was not issued by this service.
        CredentialExpired: the token is too old.
        SessionRevoked: the session is not live.
    """
    token = _LOCKED_BY_DIGEST.first(digest_token(refresh_token))
    if token is None:
        raise errors.CredentialInvalid
    session = token.session
    if not access.is_session_live(session, client.at):
        raise errors.SessionRevoked
    child_token = _ROTATION.rotate(
        token, refresh_token, client.at, lambda child: _build_refresh_token(client, session, child, parent=token)
    )
    if child_token is None:
        return Reused(session)
    registry.update_last_seen(session, client.at)
    return _build_token_pair(client, session, child_token)


def find_session_by_refresh_token(refresh_token: str) -> Session:
    """Return the session of a refresh token, live or not.

    Raises:
        CredentialInvalid: the token was not issued by this service.
    """
    token = RefreshToken.objects.filter(digest=digest_token(refresh_token)).select_related("session").first()
    if token is None:
        raise errors.CredentialInvalid
    return token.session


def expired_refresh_tokens(before: datetime) -> QuerySet[RefreshToken]:
    """Return the refresh tokens that expired before that moment, used or not."""
    return RefreshToken.objects.filter(expires_at__lt=before)


def expired_sessions(before: datetime) -> QuerySet[Session]:
    """Return the sessions that expired before that moment, revoked or not."""
    return Session.objects.filter(expires_at__lt=before)


def _build_refresh_token(
    client: Client, session: Session, refresh: str, *, parent: RefreshToken | None
) -> RefreshToken:
    return RefreshToken(
        session=session,
        digest=digest_token(refresh),
        parent=parent,
        created_at=client.at,
        expires_at=client.at + conf.jwt_refresh_idle,
    )


def _build_token_pair(client: Client, session: Session, refresh: str) -> IssuedTokens:
    return IssuedTokens(
        session=session,
        access=access.issue_token(session, client.at),
        refresh=refresh,
        expires_in=access.lifetime_seconds(),
    )
