"""Access tokens: short-lived JWTs that any service verifies offline, and that we check against their session."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from jwt.utils import base64url_decode

from vestibule.accounts.models import Role, Status
from vestibule.database.prepared import Prepared
from vestibule.kernel import entropy, errors
from vestibule.sessions import signing
from vestibule.sessions.models import Session

ALGORITHM = "ES256"  # one, so that nobody can choose (RFC 8725, 3.1)
LONGEST = 4096  # characters; what is longer is none of ours, and is not read
LEEWAY = timedelta(seconds=30)
CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "token_type"]
MOMENTS = ("iat", "exp", "auth_time")
_SESSION = Prepared(Session.objects.select_related("user__profile"), "id")


def token(session: Session, now: datetime) -> str:
    """A signed access token (RFC 7518, 3.4) of this session, with the claims that the contract lists."""
    kid, key = signing.newest(now)
    user = session.user
    issued_at = int(now.timestamp())
    claims = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": str(user.id),
        "user_id": str(user.id),
        "sid": str(session.id),
        "jti": str(entropy.identifier()),
        "iat": issued_at,
        "exp": issued_at + lifetime(),
        "auth_time": int(session.auth_time.timestamp()),
        "amr": session.amr,
        "role": user.role,
        "email_verified": user.email_verified_at is not None,
        "token_type": "access",
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})


def lifetime() -> int:
    """The life of an access token in whole seconds."""
    return int(settings.JWT_ACCESS_TTL.total_seconds())


def claims(encoded: str) -> dict[str, Any]:
    """The claims of a token that we signed and whose time is not up.

    Raises CredentialExpired and CredentialInvalid; the algorithm and the key are ours to choose, never the token's
    (RFC 8725, 3.1; `kid` only picks among our own keys).
    """
    if len(encoded) > LONGEST:
        raise errors.CredentialInvalid
    try:
        key = signing.public(_kid(encoded))
        found: dict[str, Any] = jwt.decode(
            encoded,
            key,
            algorithms=[ALGORITHM],
            issuer=settings.JWT_ISSUER,
            audience=settings.JWT_AUDIENCE,
            leeway=LEEWAY,
            options={"require": CLAIMS, "strict_aud": True},
        )
    except jwt.ExpiredSignatureError as error:
        raise errors.CredentialExpired from error
    except (jwt.InvalidTokenError, signing.UnknownKey, ValueError, RecursionError) as error:
        raise errors.CredentialInvalid from error
    if not _is_access_token(found):
        raise errors.CredentialInvalid
    return found


def _is_access_token(found: Mapping[str, Any]) -> bool:
    """Whether the claims are of the kind and the form that we write: texts, moments in whole seconds (PyJWT takes any
    number, and a text of digits), and no longer a life than we give."""
    moments = [found[name] for name in (*MOMENTS, *({"nbf"} & found.keys()))]
    return (
        found["token_type"] == "access"  # noqa: S105 - the name of a kind
        and all(isinstance(found[name], str) for name in ("sub", "sid", "jti"))
        and all(type(each) is int for each in moments)  # a bool is an int
        and found["exp"] - found["iat"] <= lifetime()
    )


def _kid(encoded: str) -> str:
    """Which of our keys a token says that it was signed with: PyJWT reads the header once more, with the key in hand,
    and checks all of it. Raises ValueError where there is no such word, RecursionError where it nests too deep."""
    header = json.loads(base64url_decode(encoded.partition(".")[0]))
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str):
        raise ValueError("no kid")
    return kid


def session(found_claims: Mapping[str, Any], now: datetime) -> Session:
    """The live session that these claims name, its user and profile, in one query: whatever ended it counts at once.

    Raises CredentialInvalid, SessionRevoked.
    """
    try:
        sid = UUID(found_claims["sid"])
    except (ValueError, TypeError) as error:
        raise errors.CredentialInvalid from error
    found = _SESSION.first(sid)
    if found is None or not live(found, now):
        raise errors.SessionRevoked
    return found


def auth_time(found_claims: Mapping[str, Any]) -> datetime:
    """When its person had proved who they are, as the token says."""
    return datetime.fromtimestamp(found_claims["auth_time"], UTC)


def live(found: Session, now: datetime) -> bool:
    """Whether a session still counts: not ended, not too old, its person still active."""
    if found.revoked_at is not None or found.expires_at <= now or found.user.status != Status.ACTIVE:
        return False
    if found.is_page and found.user.role != Role.USER:
        # Whoever may do things to others stays in for less, whatever they ticked (SECURITY: 15 min, 12 h).
        return now < min(found.created_at + settings.STAFF_SESSION, found.last_seen_at + settings.STAFF_IDLE)
    # A page's session that is not to stay dies idle, too (SECURITY: 1 h, 24 h).
    brief = found.is_page and found.expires_at <= found.created_at + settings.PAGE_SESSION
    return not brief or found.last_seen_at > now - settings.PAGE_IDLE
