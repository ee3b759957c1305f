"""The refresh tokens of sessions. Each works once, and reuse ends the session (`sessions.rotation`)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from vestibule.conf import conf
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import access_tokens, registry, signing_keys
from vestibule.sessions.models import RefreshToken, Session
from vestibule.sessions.rotation import TokenRotation, derive_child_token, digest_token
from vestibule.storage import database
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

# Locks the session's row, so that rotations and revocations of one session run one after another.
_LOCKED_BY_DIGEST = PreparedQuery(
    RefreshToken.objects.select_related("session__user").select_for_update(of=("session",)), "digest"
)
_ROTATION = TokenRotation(RefreshToken)

# Inserts the child of the token that `_LOCKED_BY_DIGEST` found, if the token is not too old and its session is live (as
# `access.is_session_live` says of one of the API) and used from where or by what it began with (`relocation`).
_WRITE_CHILD = """
rotated AS (
    SELECT * FROM found
    WHERE "vestibule_refresh_token.expires_at" > %s AND "vestibule_session.expires_at" > %s
        AND "vestibule_session.revoked_at" IS NULL AND NOT "vestibule_session.is_page"
        AND "vestibule_user.status" = 'active'
        AND ("vestibule_session.agent" = %s OR "vestibule_session.address" = CAST(%s AS inet))
), seen AS (
    UPDATE vestibule_session SET last_seen_at = %s FROM rotated
    WHERE vestibule_session.id = "vestibule_session.id" AND "vestibule_session.last_seen_at" <= %s
), written AS (
    INSERT INTO vestibule_refresh_token (session_id, digest, parent_id, created_at, expires_at)
    SELECT "vestibule_session.id", %s, "vestibule_refresh_token.id", %s, %s FROM rotated
    ON CONFLICT DO NOTHING RETURNING 1
)"""


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


def rotate_refresh_token_at_once(client: Client, refresh_token: str) -> IssuedTokens | None:
    """Return the next tokens for a refresh token, by one statement that locks the session's row, in the ordinary case:
    the session is live, used from where or by what it began with, and the token was not used before. Return None, with
    no token written, in any other case and on SQLite: `rotate_refresh_token` says which it is
    (docs/decisions/0176)."""
    if database.connection().vendor != "postgresql":
        return None
    now, child_token = client.at, derive_child_token(refresh_token)
    signing_keys.current_signing_key(now)  # read before, because what is written is committed at once
    written = (
        *(now, now, client.user_agent, client.ip_address),
        *(now, now - registry.SEEN_ONCE_IN),
        *(digest_token(child_token), now, now + conf.jwt_refresh_idle),
    )
    token = _LOCKED_BY_DIGEST.first_if_written(_WRITE_CHILD, written, digest_token(refresh_token))
    return _build_token_pair(client, token.session, child_token) if token else None


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
    if not access_tokens.is_session_live(session, client.at):
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
        access=access_tokens.issue_token(session, client.at),
        refresh=refresh,
        expires_in=access_tokens.lifetime_seconds(),
    )
