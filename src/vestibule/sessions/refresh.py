"""Open a session and hand out its tokens; the refresh token is opaque, 256 bits, kept as a digest only."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings

from vestibule.accounts.models import User
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.sessions import access
from vestibule.sessions.models import RefreshToken, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a signed-in client holds; `expires_in` is the access token's life in whole seconds."""

    session_id: str
    access: str
    refresh: str
    expires_in: int


def open_session(client: Client, user: User, *, amr: Sequence[str]) -> Tokens:
    """Sign a person in, in the caller's transaction. `amr` says how they proved themselves (RFC 8176)."""
    session = Session.objects.create(
        user=user,
        created_at=client.at,
        last_seen_at=client.at,
        expires_at=client.at + settings.JWT_REFRESH_ABSOLUTE,
        auth_time=client.at,
        amr=list(amr),
        address=client.address,
        agent=client.agent,
    )
    refresh = entropy.token()
    RefreshToken.objects.create(
        session=session,
        digest=_digest(refresh),
        created_at=client.at,
        expires_at=client.at + settings.JWT_REFRESH_IDLE,
    )
    return Tokens(
        session_id=str(session.id),
        access=access.token(session, client.at),
        refresh=refresh,
        expires_in=int(settings.JWT_ACCESS_TTL.total_seconds()),
    )


def _digest(refresh: str) -> bytes:
    """SHA-256: what has 256 random bits needs no key to be safe at rest (ASVS 11.5.1)."""
    return sha256(refresh.encode()).digest()
