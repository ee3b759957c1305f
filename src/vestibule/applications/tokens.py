"""The tokens of applications: access tokens (RFC 9068), ID tokens (OpenID Connect Core, 2) and refresh tokens, which
hang on a grant."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import jwt

from vestibule.applications.directory import find_application, is_read
from vestibule.applications.live_grants import find_live_grant
from vestibule.applications.models import Application, Grant, GrantRefreshToken
from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.sessions import signing_keys
from vestibule.sessions.access_tokens import LEEWAY, MAX_TOKEN_LENGTH, lifetime_seconds, name_assurance_level
from vestibule.sessions.rotation import TokenRotation, digest_token
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068, 2.1
_REQUIRED = ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"]
# Locks the grant's row, so that rotations and revocations of one grant run one after another.
_LOCKED_BY_DIGEST = PreparedQuery(
    GrantRefreshToken.objects.select_related("grant").select_for_update(of=("grant",)), "digest"
)
_BY_DIGEST = PreparedQuery(GrantRefreshToken.objects.select_related("grant"), "digest")
_ROTATION = TokenRotation(GrantRefreshToken)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveToken:
    """An access token that counts: its claims, its application, and its grant, if a person made one."""

    claims: Mapping[str, Any]
    application: Application
    grant: Grant | None

    @property
    def scope(self) -> list[str]:
        """Its scopes."""
        return str(self.claims.get("scope", "")).split()


def issue_access_token(
    application: Application, now: datetime, *, scope: Sequence[str], audience: Sequence[str], grant: Grant | None
) -> str:
    """Return a signed access token for the application (RFC 9068, 2.2), or for the application itself where there is
    no grant. Its audience are the resources that were asked for; without any the application (RFC 8707, 2)."""
    issued_at = int(now.timestamp())
    person: dict[str, Any] = {}
    if grant is not None:
        person = {**_authentication_claims(grant), "grant": str(grant.pk), "sid": str(grant.sid)}
    claims = {
        "iss": conf.base_url,
        "aud": audience[0] if len(audience) == 1 else list(audience) or application.client_id,
        "sub": str(grant.user_id) if grant else application.client_id,
        "client_id": application.client_id,
        "scope": " ".join(scope),
        "jti": str(entropy.random_uuid()),
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds(),
        **person,
    }
    return signing_keys.sign_claims(claims, now, kind=ACCESS_TOKEN_TYPE)


def issue_id_token(grant: Grant, now: datetime, *, access_token: str, nonce: str | None) -> str:
    """Return the ID token of a grant, signed by the algorithm that its application asks for."""
    issued_at = int(now.timestamp())
    claims = {
        "iss": conf.base_url,
        "aud": grant.application.client_id,
        "sub": str(grant.user_id),
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds(),
        "sid": str(grant.sid),
        "at_hash": hash_half(access_token),
        **_authentication_claims(grant),
        **({} if nonce is None else {"nonce": nonce}),
    }
    return signing_keys.sign_claims(claims, now, algorithm=grant.application.id_token_signed_response_alg)


def find_live_token(encoded: str, now: datetime) -> LiveToken | None:
    """Return what an access token of an application stands for, if it counts at this moment: it is ours, its
    application is there, and its grant lives. None for anything else."""
    claims = read_claims(encoded)
    if claims is None:
        return None
    if "grant" not in claims:
        application = find_application(claims["client_id"])
        return LiveToken(claims=claims, application=application, grant=None) if application else None
    grant = find_live_grant(UUID(claims["grant"]), now)  # its application comes along
    if grant is None or not is_read(grant.application):
        return None
    return LiveToken(claims=claims, application=grant.application, grant=grant)


def read_claims(encoded: str) -> dict[str, Any] | None:
    """Return the claims of an access token that we signed for an application and that has not expired."""
    if len(encoded) > MAX_TOKEN_LENGTH:
        return None
    try:
        header = jwt.get_unverified_header(encoded)
        if header.get("typ") != ACCESS_TOKEN_TYPE or not isinstance(header.get("kid"), str):
            return None
        found: dict[str, Any] = jwt.decode(
            encoded,
            signing_keys.find_public_key(header["kid"]),
            algorithms=[signing_keys.ES256],
            issuer=conf.base_url,
            leeway=LEEWAY,
            options={"require": _REQUIRED, "verify_aud": False},
        )
    except (jwt.PyJWTError, signing_keys.UnknownKey, ValueError, RecursionError):
        return None
    return found


def issue_refresh_token(client: Client, grant: Grant) -> str:
    """Return the first refresh token of a grant, in the caller's transaction."""
    refresh = entropy.random_token()
    insert_row(_build_refresh_token(client, grant, refresh, parent=None))
    return refresh


def lock_refresh_token(refresh: str) -> GrantRefreshToken | None:
    """Return a refresh token, with its grant locked until the caller's transaction ends."""
    return _LOCKED_BY_DIGEST.first(digest_token(refresh))


def find_refresh_token(refresh: str) -> GrantRefreshToken | None:
    """Return a refresh token with its grant."""
    return _BY_DIGEST.first(digest_token(refresh))


def rotate_refresh_token(client: Client, token: GrantRefreshToken, presented: str) -> str | None:
    """Return the next refresh token, with the grant locked. None: this one was used before (`sessions.rotation`).

    Raises:
        CredentialExpired: the token is too old.
    """
    return _ROTATION.rotate(
        token, presented, client.at, lambda child: _build_refresh_token(client, token.grant, child, parent=token)
    )


def hash_half(token: str) -> str:
    """Return the left half of a token's digest in base64url (OpenID Connect Core, 3.1.3.6)."""
    return urlsafe_b64encode(sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def _build_refresh_token(
    client: Client, grant: Grant, refresh: str, *, parent: GrantRefreshToken | None
) -> GrantRefreshToken:
    return GrantRefreshToken(
        grant=grant,
        digest=digest_token(refresh),
        parent=parent,
        created_at=client.at,
        expires_at=min(client.at + conf.jwt_refresh_idle, grant.expires_at),
    )


def _authentication_claims(grant: Grant) -> dict[str, Any]:
    return {
        "auth_time": int(grant.auth_time.timestamp()),
        "amr": grant.amr,
        "acr": name_assurance_level(grant.amr),
    }
