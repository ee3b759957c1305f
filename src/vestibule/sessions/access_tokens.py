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
from vestibule.kernel import entropy, errors
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session
from vestibule.storage.prepared import PreparedQuery

ALGORITHM = "ES256"  # one, so that nobody can choose (RFC 8725, 3.1)
MAX_TOKEN_LENGTH = 4096  # characters; what is longer is none of ours, and is not read
LEEWAY = timedelta(seconds=30)
REQUIRED_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "token_type"]
TIME_CLAIMS = ("iat", "exp", "auth_time")
_SESSION_BY_ID = PreparedQuery(Session.objects.select_related("user__profile"), "id")


def issue_token(session: Session, now: datetime) -> str:
    """A signed access token (RFC 7518, 3.4) of this session, with the claims that the contract lists."""
    kid, key = signing_keys.current_signing_key(now)
    user = session.user
    issued_at = int(now.timestamp())
    claims = {
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "sub": str(user.id),
        "user_id": str(user.id),
        "sid": str(session.id),
        "jti": str(entropy.random_uuid()),
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds(),
        "auth_time": int(session.auth_time.timestamp()),
        "amr": session.amr,
        "role": user.role,
        "email_verified": user.email_verified_at is not None,
        "token_type": "access",
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})


def lifetime_seconds() -> int:
    """The life of an access token in whole seconds."""
    return int(settings.JWT_ACCESS_TTL.total_seconds())


def verify_token(encoded: str) -> dict[str, Any]:
    """The claims of a token that we signed and whose time is not up.

    Raises CredentialExpired and CredentialInvalid; the algorithm and the key are ours to choose, never the token's
    (RFC 8725, 3.1; `kid` only picks among our own keys).
    """
    if len(encoded) > MAX_TOKEN_LENGTH:
        raise errors.CredentialInvalid
    try:
        key = signing_keys.find_public_key(_read_kid(encoded))
        found: dict[str, Any] = jwt.decode(
            encoded,
            key,
            algorithms=[ALGORITHM],
            issuer=settings.JWT_ISSUER,
            audience=settings.JWT_AUDIENCE,
            leeway=LEEWAY,
            options={"require": REQUIRED_CLAIMS, "strict_aud": True},
        )
    except jwt.ExpiredSignatureError as error:
        raise errors.CredentialExpired from error
    except (jwt.InvalidTokenError, signing_keys.UnknownKey, ValueError, RecursionError) as error:
        raise errors.CredentialInvalid from error
    if not _is_access_token(found):
        raise errors.CredentialInvalid
    return found


def _is_access_token(claims: Mapping[str, Any]) -> bool:
    """Whether the claims are of the kind and the form that we write: texts, moments in whole seconds (PyJWT takes any
    number, and a text of digits), and no longer a life than we give."""
    moments = [claims[name] for name in (*TIME_CLAIMS, *({"nbf"} & claims.keys()))]
    return (
        claims["token_type"] == "access"  # noqa: S105 - the name of a kind
        and all(isinstance(claims[name], str) for name in ("sub", "sid", "jti"))
        and all(type(each) is int for each in moments)  # a bool is an int
        and claims["exp"] - claims["iat"] <= lifetime_seconds()
    )


def _read_kid(encoded: str) -> str:
    """Which of our keys a token says that it was signed with: PyJWT reads the header once more, with the key in hand,
    and checks all of it. Raises ValueError where there is no such word, RecursionError where it nests too deep."""
    header = json.loads(base64url_decode(encoded.partition(".")[0]))
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str):
        raise ValueError("no kid")
    return kid


def find_live_session(claims: Mapping[str, Any], now: datetime) -> Session:
    """The live session that these claims name, its user and profile, in one query: whatever ended it counts at once.

    Raises CredentialInvalid, SessionRevoked.
    """
    try:
        sid = UUID(claims["sid"])
    except (ValueError, TypeError) as error:
        raise errors.CredentialInvalid from error
    found = _SESSION_BY_ID.first(sid)
    if found is None or not is_session_live(found, now):
        raise errors.SessionRevoked
    return found


def read_auth_time(claims: Mapping[str, Any]) -> datetime:
    """When its person had proved who they are, as the token says."""
    return datetime.fromtimestamp(claims["auth_time"], UTC)


def is_session_live(session: Session, now: datetime) -> bool:
    """Whether a session still counts: not ended, not too old, its person still active."""
    if session.revoked_at is not None or session.expires_at <= now or session.user.status != Status.ACTIVE:
        return False
    if session.is_page and session.user.role != Role.USER:
        # Whoever may do things to others stays in for less, whatever they ticked (SECURITY: 15 min, 12 h).
        return now < min(session.created_at + settings.STAFF_SESSION, session.last_seen_at + settings.STAFF_IDLE)
    # A page's session that is not to stay dies idle, too (SECURITY: 1 h, 24 h).
    brief = session.is_page and session.expires_at <= session.created_at + settings.PAGE_SESSION
    return not brief or session.last_seen_at > now - settings.PAGE_IDLE
