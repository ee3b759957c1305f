"""A sign-in at another provider in four calls, the same for every provider: where it begins, what the browser brings
back, who it is; and the token of a native app."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from vestibule.identities import discovery, github, oidc
from vestibule.identities.answers import Callback, ProviderAnswer, ProviderRefused
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider
from vestibule.kernel import hosts
from vestibule.kernel.errors import NotFound, TokenInvalid, Unavailable
from vestibule.kernel.return_urls import add_to_query

MAX_CODE_LENGTH = 4096
_REFUSED = ("access_denied", "user_cancelled_authorize", "login_required", "consent_required", "interaction_required")
_DOWN = ("server_error", "temporarily_unavailable")


def authorization_url(provider: Provider, *, state: str, nonce: str, code_verifier: str) -> str:
    """Return where the browser goes: the request of a code with PKCE S256 (RFC 7636, 4.3).

    Raises:
        Unavailable: the provider's discovery document cannot be read.
    """
    more: dict[str, str] = {}
    if provider.has_id_tokens:
        endpoint, more = oidc.authorization_request(ProviderConnection(provider), nonce)
    else:
        endpoint = github.authorization_endpoint(provider)
    return add_to_query(
        endpoint,
        response_type="code",
        client_id=provider.client_id,
        redirect_uri=provider.callback_url,
        scope=" ".join(provider.facts.scopes),
        state=state,
        code_challenge=urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode(),
        code_challenge_method="S256",
        **more,
    )


def authorization_origin(provider: Provider) -> str | None:
    """Return the origin to which the browser is sent, for a content security policy; None while it is not known."""
    if not provider.has_id_tokens:
        return hosts.url_origin(urlsplit(provider.issuer))
    metadata = discovery.peek_metadata(provider)
    return hosts.url_origin(urlsplit(metadata.authorization_endpoint)) if metadata else None


def read_callback(connection: ProviderConnection, parameters: Mapping[str, str]) -> Callback:
    """Return the code that the browser brought back. Call it after the state of the sign-in was used up.

    Raises:
        ProviderRefused: the person did not agree.
        TokenInvalid: another provider answers, or it is no answer.
        Unavailable: the provider has failed.
    """
    provider = connection.provider
    if provider.has_id_tokens:
        oidc.check_issuer(connection, parameters)
    else:
        github.check_issuer(provider, parameters)
    if error := parameters.get("error"):
        if error in _REFUSED:
            raise ProviderRefused
        raise Unavailable if error in _DOWN else TokenInvalid
    code = parameters.get("code", "")
    if not (0 < len(code) <= MAX_CODE_LENGTH):
        raise TokenInvalid
    return Callback(code, oidc.read_name(parameters) if provider.facts.response_mode else "")


def fetch_answer(
    connection: ProviderConnection, callback: Callback, *, nonce: str, code_verifier: str, now: datetime
) -> ProviderAnswer:
    """Exchange the code, once, and return the person. With `read_callback` on the same connection it takes up to ten
    seconds: call it outside of transactions.

    Raises:
        TokenInvalid: the provider refuses the code, or its answer does not hold.
        Unavailable: the provider does not answer, or refuses us.
    """
    if connection.provider.has_id_tokens:
        return oidc.redeem_code(connection, callback, nonce=nonce, code_verifier=code_verifier, now=now)
    return github.redeem_code(connection, callback, code_verifier=code_verifier)


def verify_native_token(provider: Provider, id_token: str, nonce: str, now: datetime) -> ProviderAnswer:
    """Return the person of an ID token that an app, or the browser's own dialogue, got from the provider. The caller
    accepts each `replay_key` once.

    Raises:
        NotFound: the provider has no ID tokens.
        TokenInvalid: the token is not for a client of ours, has another nonce, or does not hold.
        Unavailable: the provider's keys cannot be read.
    """
    if not provider.has_id_tokens:
        raise NotFound
    return oidc.read_native_token(ProviderConnection(provider), id_token, nonce, now)
