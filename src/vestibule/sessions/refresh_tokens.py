"""Refresh tokens: opaque, 256 bits, kept as digests; each works once, and a second use ends the family.

RFC 9700, 4.14.2, asks for both. A child is derived from its parent under a server key, so that a lost answer or a
second tab can be given the *same* successor for a few seconds, though no token is kept.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db.models import QuerySet

from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import access_tokens as access
from vestibule.sessions import registry
from vestibule.sessions.models import RefreshToken, Session
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_once, insert_row

# The session is locked: rotations and revocations of one family come one after the other.
_LOCKED_BY_DIGEST = PreparedQuery(
    RefreshToken.objects.select_related("session__user").select_for_update(of=("session",)), "digest"
)
_BY_PARENT = PreparedQuery(RefreshToken.objects.all(), "parent")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """What a signed-in client holds; `expires_in` is the access token's life in whole seconds."""

    session: Session
    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Reused:
    """A refresh token that was used before came again, too late for a lost answer: somebody copied it."""

    session: Session


def issue_first_tokens(client: Client, session: Session) -> IssuedTokens:
    """The first tokens of a session that has just begun, in the caller's transaction."""
    refresh = entropy.random_token()
    insert_row(_build_refresh_token(client, session, refresh, parent=None))
    return _build_token_pair(client, session, refresh)


def rotate_refresh_token(client: Client, refresh_token: str) -> IssuedTokens | Reused:
    """The next tokens for a refresh token, in the caller's transaction; the session's row is held meanwhile.

    Within REFRESH_GRACE the immediate parent gets the same child again. Raises CredentialInvalid, CredentialExpired,
    SessionRevoked.
    """
    token = _LOCKED_BY_DIGEST.first(_digest_token(refresh_token))
    if token is None:
        raise errors.CredentialInvalid
    session = token.session
    if not access.is_session_live(session, client.at):
        raise errors.SessionRevoked
    child_token = _derive_child_token(refresh_token)
    alive = token.expires_at > client.at
    made = alive and insert_once(_build_refresh_token(client, session, child_token, parent=token))
    if not made:  # a parent has one child, and the session is held: whoever made it is done
        child = _BY_PARENT.first(token.pk)
        if child is None:
            raise errors.CredentialExpired
        grace_over = client.at > child.created_at + settings.REFRESH_GRACE
        if grace_over or RefreshToken.objects.filter(parent=child).exists():
            return Reused(session)
    registry.update_last_seen(session, client.at)
    return _build_token_pair(client, session, child_token)


def find_session_by_refresh_token(refresh_token: str) -> Session:
    """The session of a refresh token, live or not. Raises CredentialInvalid."""
    token = RefreshToken.objects.filter(digest=_digest_token(refresh_token)).select_related("session").first()
    if token is None:
        raise errors.CredentialInvalid
    return token.session


def expired_refresh_tokens(before: datetime) -> QuerySet[RefreshToken]:
    """The refresh tokens whose time was up before that moment, used or not."""
    return RefreshToken.objects.filter(expires_at__lt=before)


def expired_sessions(before: datetime) -> QuerySet[Session]:
    """The sessions whose time was up before that moment, revoked or not."""
    return Session.objects.filter(expires_at__lt=before)


def _build_refresh_token(
    client: Client, session: Session, refresh: str, *, parent: RefreshToken | None
) -> RefreshToken:
    return RefreshToken(
        session=session,
        digest=_digest_token(refresh),
        parent=parent,
        created_at=client.at,
        expires_at=client.at + settings.JWT_REFRESH_IDLE,
    )


def _build_token_pair(client: Client, session: Session, refresh: str) -> IssuedTokens:
    return IssuedTokens(
        session=session,
        access=access.issue_token(session, client.at),
        refresh=refresh,
        expires_in=access.lifetime_seconds(),
    )


def _derive_child_token(refresh: str) -> str:
    return urlsafe_b64encode(settings.KEYS.digest("refresh child", refresh.encode())).rstrip(b"=").decode()


def _digest_token(refresh: str) -> bytes:
    """SHA-256: what has 256 random bits needs no key to be safe at rest (ASVS 11.5.1)."""
    return sha256(refresh.encode()).digest()
