"""Access tokens: short-lived JWTs. Other services verify them offline; this service also checks their session."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

import jwt
from jwt.utils import base64url_decode

from vestibule.accounts.models import Role, Status
from vestibule.conf import conf
from vestibule.kernel import entropy, errors
from vestibule.sessions import signing_keys
from vestibule.sessions.models import MULTI_FACTOR, Session
from vestibule.storage.prepared import PreparedQuery

ALGORITHM = "ES256"  # the only one, so that a token cannot choose (RFC 8725, 3.1)
MAX_TOKEN_LENGTH = 4096  # characters; a longer text is none of our tokens and is not parsed
LEEWAY = timedelta(seconds=30)
AAL1, AAL2 = "aal1", "aal2"  # one factor, two (SP 800-63B-4, 2)
MAX_VERIFIED_TOKENS = 1024  # that a process remembers, in some 4 MB
REQUIRED_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "token_type"]
TIME_CLAIMS = ("iat", "exp", "auth_time")
_SESSION_BY_ID = PreparedQuery(Session.objects.select_related("user__profile"), "id")


def issue_token(session: Session, now: datetime) -> str:
    """Return a signed access token (RFC 7518, 3.4) for this session, with the claims that the API contract lists."""
    user = session.user
    issued_at = int(now.timestamp())
    claims = {
        "iss": conf.jwt_issuer,
        "aud": conf.jwt_audience,
        "sub": str(user.id),
        "user_id": str(user.id),
        "sid": str(session.id),
        "jti": str(entropy.random_uuid()),
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds(),
        "auth_time": int(session.auth_time.timestamp()),
        "amr": session.amr,
        "acr": name_assurance_level(session.amr),
        "role": user.role,
        "email_verified": user.email_verified_at is not None,
        "token_type": "access",
    }
    return signing_keys.sign_claims(claims, now)


def name_assurance_level(amr: Collection[str]) -> str:
    """Return the authentication assurance level of these methods, as tokens say it in `acr` (SP 800-63B-4, 2)."""
    return AAL2 if MULTI_FACTOR in amr else AAL1


def lifetime_seconds() -> int:
    """Return the life of an access token in whole seconds."""
    return int(conf.jwt_access_ttl.total_seconds())


def verify_token(encoded: str, now: datetime) -> Mapping[str, Any]:
    """Return the claims of an access token that this service signed and that has not expired.

    The signature of a token that comes again is not verified again (docs/decisions/0138). That its key is still ours
    and that it has not expired is checked each time.

    Raises:
        CredentialExpired: the token is too old.
        CredentialInvalid: the token is malformed, or was not signed by this service.
    """
    if len(encoded) > MAX_TOKEN_LENGTH:
        raise errors.CredentialInvalid
    try:
        kid, claims = _decode_token(encoded, conf.jwt_issuer, conf.jwt_audience, lifetime_seconds())
        signing_keys.find_public_key(kid)
    except jwt.ExpiredSignatureError as error:
        raise errors.CredentialExpired from error
    except (jwt.InvalidTokenError, signing_keys.UnknownKey, ValueError, RecursionError) as error:
        raise errors.CredentialInvalid from error
    if claims["exp"] <= (now - LEEWAY).timestamp():
        raise errors.CredentialExpired
    return claims


@lru_cache(maxsize=MAX_VERIFIED_TOKENS)
def _decode_token(encoded: str, issuer: str, audience: str, lifetime: int) -> tuple[str, Mapping[str, Any]]:
    """Return the `kid` and the claims of a token that one of our keys signed. What raises is not cached.

    The algorithm and the key are chosen here, never by the token: `kid` only selects among our own keys (RFC 8725,
    3.1).

    Raises:
        InvalidTokenError: the token has expired, was not signed by its key, or is no access token of this issuer for
            this audience.
        UnknownKey: no key of ours has the `kid`.
        ValueError: the header has no `kid`.
        RecursionError: the header nests too deep.
    """
    kid = _read_kid(encoded)
    claims = jwt.decode(
        encoded,
        signing_keys.find_public_key(kid),
        algorithms=[ALGORITHM],
        issuer=issuer,
        audience=audience,
        leeway=LEEWAY,
        options={"require": REQUIRED_CLAIMS, "strict_aud": True},
    )
    if not _is_access_token(claims, lifetime):
        raise jwt.InvalidTokenError("no access token")
    return kid, MappingProxyType(claims)  # read by every request that brings the token


def _is_access_token(claims: Mapping[str, Any], lifetime: int) -> bool:
    """Check kind, types and lifetime of the claims. PyJWT accepts any number for a time, and a text of digits; we write
    whole seconds."""
    moments = [claims[name] for name in (*TIME_CLAIMS, *({"nbf"} & claims.keys()))]
    return (
        claims["token_type"] == "access"  # noqa: S105 - the name of a kind
        and all(isinstance(claims[name], str) for name in ("sub", "sid", "jti"))
        and all(type(each) is int for each in moments)  # a bool is an int
        and claims["exp"] - claims["iat"] <= lifetime
    )


def _read_kid(encoded: str) -> str:
    """Return the `kid` in the header of a token. PyJWT parses and checks the whole header again with the key.

    Raises:
        ValueError: the header has no `kid`.
        RecursionError: the header nests too deep.
    """
    header = json.loads(base64url_decode(encoded.partition(".")[0]))
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str):
        raise ValueError("no kid")
    return kid


def find_live_session(claims: Mapping[str, Any], now: datetime) -> Session:
    """Return the live session that these claims name, with user and profile, in one query. A session that was ended is
    refused at once.

    Raises:
        CredentialInvalid: the claims name no session id.
        SessionRevoked: the session does not exist or is not live.
    """
    try:
        sid = UUID(claims["sid"])
    except (ValueError, TypeError) as error:
        raise errors.CredentialInvalid from error
    return find_session(sid, now)


def find_session(id: UUID, now: datetime) -> Session:
    """Return the live session with this id, with user and profile, in one query.

    Raises:
        SessionRevoked: the session does not exist or is not live.
    """
    found = _SESSION_BY_ID.first(id)
    if found is None or not is_session_live(found, now):
        raise errors.SessionRevoked
    return found


def read_auth_time(claims: Mapping[str, Any]) -> datetime:
    """Return the time of the last proof of identity, as the token says."""
    return datetime.fromtimestamp(claims["auth_time"], UTC)


def is_session_live(session: Session, now: datetime) -> bool:
    """Return whether the session is not revoked, not expired and not idle, and its user is active."""
    if session.revoked_at is not None or session.expires_at <= now or session.user.status != Status.ACTIVE:
        return False
    if session.is_page and session.user.role != Role.USER:
        # Sessions of the staff are shorter, even with "stay signed in" (15 minutes idle, 12 hours absolute).
        return now < min(session.created_at + conf.staff_session, session.last_seen_at + conf.staff_idle)
    # A page session without "stay signed in" also ends when it is idle (1 hour idle, 24 hours absolute).
    brief = session.is_page and session.expires_at <= session.created_at + conf.page_session
    return not brief or session.last_seen_at > now - conf.page_idle
