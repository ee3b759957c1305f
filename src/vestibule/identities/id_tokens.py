"""Verification of ID tokens (OpenID Connect Core, 3.1.3.7; RFC 8725): signature, issuer, audience, times and nonce."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from vestibule.identities.discovery import find_keys
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import TENANT, Provider
from vestibule.identities.signed_tokens import check_times, is_subject, verify_signature
from vestibule.kernel.errors import TokenInvalid

_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


@dataclass(frozen=True, slots=True)
class IdToken:
    """The claims of a verified ID token. `issuer` is that of the person."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]

    @property
    def replay_key(self) -> bytes:
        """A digest of what the token says: one for each, also where its signature can be spelled otherwise."""
        said = [self.claims[name] for name in _REQUIRED]
        return sha256(json.dumps(said, sort_keys=True).encode()).digest()


def verify_id_token(
    connection: ProviderConnection,
    token: object,
    *,
    nonces: Collection[str],
    audiences: Collection[str],
    now: datetime,
    access_token: str = "",
) -> IdToken:
    """Return the verified claims of an ID token for one of these clients of ours, which has one of these nonces.

    Raises:
        TokenInvalid: it is no ID token of this provider, for us, with such a nonce, and of this time.
        Unavailable: the provider's keys cannot be read.
    """
    claims = _verify_signature(connection, token, audiences)
    _check_parties(claims, audiences)
    check_times(claims, now)
    if not isinstance(claims["nonce"], str) or not any(_equals(claims["nonce"], each) for each in nonces if each):
        raise TokenInvalid
    if access_token and "at_hash" in claims and not _equals(str(claims["at_hash"]), _half_hash(access_token)):
        raise TokenInvalid
    return IdToken(issuer_of(connection.provider, claims), claims["sub"], claims)


def issuer_of(provider: Provider, claims: Mapping[str, Any]) -> str:
    """Return the issuer that a token of this provider must have. Where the provider has many tenants, it is that of the
    person's tenant (learn.microsoft.com: access-token-claims-reference)."""
    if TENANT not in provider.issuer:
        return provider.issuer
    try:
        return provider.issuer.replace(TENANT, str(UUID(str(claims.get("tid")))))
    except ValueError as error:
        raise TokenInvalid from error


def _verify_signature(connection: ProviderConnection, token: object, audiences: Collection[str]) -> dict[str, Any]:
    claims, key = verify_signature(
        token, partial(find_keys, connection), audiences=audiences, required=_REQUIRED, types={"jwt"}
    )
    issuer = issuer_of(connection.provider, claims)
    of_key = key.issuer.replace(TENANT, str(claims.get("tid")))
    if claims["iss"] != issuer or of_key not in ("", issuer) or not is_subject(claims["sub"]):
        raise TokenInvalid
    return claims


def _check_parties(claims: Mapping[str, Any], audiences: Collection[str]) -> None:
    """Check `aud` and `azp`: a token for several parties says which of them asked, and that is one of our clients."""
    aud, azp = claims["aud"], claims.get("azp")
    if azp is None:
        if isinstance(aud, list) and len(aud) != 1:
            raise TokenInvalid
    elif not isinstance(azp, str) or azp not in audiences:
        raise TokenInvalid


def _half_hash(access_token: str) -> str:
    """Core, 3.1.3.6: RS256 and ES256 both hash with SHA-256."""
    return urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()


def _equals(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
