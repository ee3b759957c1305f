"""OpenID Connect: the authorization code flow with PKCE, and ID tokens that a native app hands in (Core 1.0)."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import jwt

from vestibule.identities import discovery
from vestibule.identities.answers import Callback, ProviderAnswer
from vestibule.identities.id_tokens import IdToken, verify_id_token
from vestibule.identities.person import describe_person
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import TENANT, Provider, read_private_key
from vestibule.kernel.errors import TokenInvalid

SECRET_LIFETIME = timedelta(minutes=5)
LONGEST_NATIVE = timedelta(hours=24)  # a token that was used is remembered for as long


def authorization_request(connection: ProviderConnection, nonce: str) -> tuple[str, dict[str, str]]:
    """Return where a sign-in begins, and the parameters that only OpenID has.

    Raises:
        Unavailable: the provider's discovery document cannot be read.
    """
    mode = connection.provider.facts.response_mode
    more = {"response_mode": mode} if mode else {}
    return discovery.read_metadata(connection).authorization_endpoint, {"nonce": nonce, **more}


def check_issuer(connection: ProviderConnection, parameters: Mapping[str, str]) -> None:
    """Check that the answer in the browser comes from the provider that was asked (RFC 9207, 2.4).

    Raises:
        TokenInvalid: another issuer answers, or one that always names itself does not.
        Unavailable: the provider's discovery document cannot be read.
    """
    said = parameters.get("iss")
    if said is None:
        if discovery.read_metadata(connection).names_itself:
            raise TokenInvalid
    elif said != connection.provider.issuer and not _is_tenant_of(connection.provider, said):
        raise TokenInvalid


def read_name(parameters: Mapping[str, str]) -> str:
    """Return the name that Apple sends beside its first code, through the browser: for display only."""
    try:
        said = json.loads(parameters.get("user", "null"))["name"]
        return f"{said.get('firstName') or ''} {said.get('lastName') or ''}".strip()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""


def redeem_code(
    connection: ProviderConnection, callback: Callback, *, nonce: str, code_verifier: str, now: datetime
) -> ProviderAnswer:
    """Exchange the code, once, and return the person of the ID token.

    Raises:
        TokenInvalid: the provider refuses the code, or its answer does not hold.
        Unavailable: the provider does not answer, or refuses us.
    """
    provider, metadata = connection.provider, discovery.read_metadata(connection)
    form = {
        "grant_type": "authorization_code",
        "code": callback.code,
        "redirect_uri": provider.callback_url,
        "code_verifier": code_verifier,
    }
    secret, headers = _client_secret(provider, now), {}
    if metadata.takes_basic:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id, "client_secret": secret}
    tokens = read_tokens(connection, *connection.post(metadata.token_endpoint, form, headers))
    token = verify_id_token(
        connection,
        tokens.get("id_token"),
        nonces=[nonce],
        audiences={provider.client_id},
        now=now,
        access_token=tokens["access_token"],
    )
    userinfo = _read_userinfo(connection, metadata.userinfo_endpoint, tokens["access_token"], token)
    return _describe(provider, token, [token.claims, userinfo], name=callback.name, tokens=tokens)


def read_native_token(connection: ProviderConnection, id_token: str, nonce: str, now: datetime) -> ProviderAnswer:
    """Return the person of an ID token that a client of ours got without us. The token has the nonce, or, as the
    libraries for Apple and Google do it on phones, its SHA-256 in hex.

    Raises:
        TokenInvalid: the token is not for a client of ours, has another nonce, or does not hold.
        Unavailable: the provider's keys cannot be read.
    """
    provider = connection.provider
    nonces = [nonce, sha256(nonce.encode("utf-8", "replace")).hexdigest()] if nonce else []
    token = verify_id_token(connection, id_token, nonces=nonces, audiences=provider.audiences, now=now)
    if token.claims["exp"] > (now + LONGEST_NATIVE).timestamp():
        raise TokenInvalid
    return _describe(provider, token, [token.claims])


def read_tokens(connection: ProviderConnection, status: int, found: Any) -> dict[str, Any]:
    """Return the tokens of an answer to a code (RFC 6749, 5).

    Raises:
        TokenInvalid: the provider refuses the code.
        Unavailable: the provider refuses us, or answers otherwise than the standard says.
    """
    if not isinstance(found, dict):
        raise connection.unavailable(f"no tokens: status {status}")
    error = found.get("error")
    if error in ("invalid_grant", "bad_verification_code"):
        raise TokenInvalid
    if error or status != HTTPStatus.OK or not _is_access_token(found.get("access_token")):
        raise connection.unavailable(f"no tokens: status {status}")
    return found


def _is_access_token(given: object) -> bool:
    """RFC 6749, A.12: visible ASCII."""
    return isinstance(given, str) and given != "" and given.isascii() and given.isprintable()


def _read_userinfo(connection: ProviderConnection, url: str, access_token: str, token: IdToken) -> Mapping[str, Any]:
    """Return what else the provider says of the person of the token (Core, 5.3.2)."""
    found = connection.get(url, access_token) if url else None
    if found is None:
        return {}
    if not isinstance(found, dict) or found.get("sub") != token.subject:
        raise TokenInvalid
    return found


def _describe(
    provider: Provider,
    token: IdToken,
    sources: list[Mapping[str, Any]],
    *,
    name: str = "",
    tokens: Mapping[str, Any] | None = None,
) -> ProviderAnswer:
    return describe_person(
        provider,
        token.issuer,
        token.subject,
        sources,
        name=name,
        proved_at=int(token.claims["iat"]),
        replay_key=token.replay_key,
        tokens=tokens,
    )


def _client_secret(provider: Provider, now: datetime) -> str:
    """Return what proves that we are the client: for Apple a signed token (developer.apple.com: creating a client
    secret)."""
    if "private_key" not in provider.own:
        return provider.client_secret
    claims = {
        "iss": provider.own["team_id"],
        "iat": int(now.timestamp()),
        "exp": int((now + SECRET_LIFETIME).timestamp()),
        "aud": provider.issuer,
        "sub": provider.client_id,
    }
    key = read_private_key(provider.own["private_key"])
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": provider.own["key_id"]})


def _is_tenant_of(provider: Provider, issuer: str) -> bool:
    """Return whether an issuer is a tenant of a provider that has many."""
    before, _, after = provider.issuer.partition(TENANT)
    try:
        return TENANT in provider.issuer and issuer == f"{before}{UUID(issuer[len(before) : len(before) + 36])}{after}"
    except ValueError:
        return False
