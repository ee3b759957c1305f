"""What an OpenID provider says of itself: its discovery document (Discovery 1.0) and its keys (RFC 7517).

Both are read when first needed and cached in the process. A key that is not known is looked for once more, at most once
a minute, so that keys can be rotated and strangers cannot make us ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider, is_provider_url
from vestibule.kernel.cached import Cached

KEPT_FOR = 3600.0  # seconds
REFETCHED_EVERY = 60.0
LEAST_RSA_BITS = 2048  # SP 800-131A
_PATH = ".well-known/openid-configuration"
_EVENT_PATH = ".well-known/risc-configuration"
_ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The part of a discovery document that is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    names_itself: bool  # in each answer (RFC 9207)
    takes_basic: bool  # client_secret_basic, else client_secret_post


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A public key and the one algorithm that its type allows. `issuer` is set where a key is of one issuer alone."""

    id: str
    algorithm: str
    key: RSAPublicKey | EllipticCurvePublicKey = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class EventMetadata:
    """Who issues a provider's security events, and where its keys for them are."""

    issuer: str
    jwks_uri: str


def read_metadata(connection: ProviderConnection) -> Metadata:
    """Return what the provider says of itself.

    Raises:
        Unavailable: its document cannot be read, is of another issuer, or names no https addresses.
    """
    return _metadata_of(connection.provider.discovery_base, connection.provider.issuer).get(connection)


def peek_metadata(provider: Provider) -> Metadata | None:
    """Return what the provider said of itself, if it was asked before."""
    return _metadata_of(provider.discovery_base, provider.issuer).peek()


def find_keys(connection: ProviderConnection, key_id: str | None, algorithm: str) -> list[ProviderKey]:
    """Return the provider's keys that may have signed a token with this key id and algorithm: the keys of this id, or,
    if the token names none, all of the algorithm.

    Raises:
        Unavailable: the keys cannot be read.
    """
    return _key_set_of(read_metadata(connection).jwks_uri).find(connection, key_id, algorithm)


def read_event_metadata(connection: ProviderConnection) -> EventMetadata:
    """Return what the provider says of its security events: in a document of its own (OpenID RISC Profile; Google), or,
    where it has none, what counts for its ID tokens.

    Raises:
        Unavailable: the document cannot be read, is of another issuer, or names no https address.
    """
    provider = connection.provider
    if provider.facts.events != "risc":
        return EventMetadata(provider.issuer, read_metadata(connection).jwks_uri)
    return _event_metadata_of(provider.discovery_base, provider.issuer).get(connection)


def find_event_keys(connection: ProviderConnection, key_id: str | None, algorithm: str) -> list[ProviderKey]:
    """Return the keys that may have signed a security event, as `find_keys` does for ID tokens.

    Raises:
        Unavailable: the keys cannot be read.
    """
    return _key_set_of(read_event_metadata(connection).jwks_uri).find(connection, key_id, algorithm)


class _KeySet:
    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._kept = Cached(self._fetch, keep_for=KEPT_FOR)
        self._lock = Lock()
        self._refetched_at = float("-inf")

    def find(self, connection: ProviderConnection, key_id: str | None, algorithm: str) -> list[ProviderKey]:
        found = _matching(self._kept.get(connection), key_id, algorithm)
        if found or key_id is None:
            return found
        with self._lock:  # a thread that waits here finds what another has fetched
            if monotonic() - self._refetched_at >= REFETCHED_EVERY:
                self._refetched_at = monotonic()
                self._kept.get_younger_than(0, connection)
        return _matching(self._kept.get(connection), key_id, algorithm)

    def _fetch(self, connection: ProviderConnection) -> list[ProviderKey]:
        document = connection.get(self._uri)
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise connection.unavailable("no keys")
        return [key for each in listed if isinstance(each, dict) and (key := _parse_key(each))]


def _matching(keys: list[ProviderKey], key_id: str | None, algorithm: str) -> list[ProviderKey]:
    return [each for each in keys if key_id in (None, each.id) and each.algorithm == algorithm]


def _parse_key(data: Mapping[str, Any]) -> ProviderKey | None:
    """Return a public RSA or P-256 key for signatures; None for any other."""
    algorithm = _ALGORITHMS.get(str(data.get("kty")))
    if algorithm is None or data.get("use", "sig") != "sig" or data.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(dict(data), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(key, RSAPublicKey):
        usable = key.key_size >= LEAST_RSA_BITS
    else:
        usable = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    return ProviderKey(str(data.get("kid", "")), algorithm, key, str(data.get("issuer", ""))) if usable else None


def _fetch_metadata(connection: ProviderConnection) -> Metadata:
    provider = connection.provider
    document = connection.get(provider.at(_PATH))
    if not isinstance(document, dict) or document.get("issuer") != provider.issuer:
        raise connection.unavailable("another issuer")  # Discovery 1.0, 4.3
    endpoints = {
        name: str(document.get(name) or "")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    }
    for name, url in endpoints.items():
        optional = name == "userinfo_endpoint" and not url
        if not (optional or _is_endpoint(connection, url)):
            raise connection.unavailable(f"no {name}")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        **endpoints,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        takes_basic=isinstance(methods, list) and "client_secret_basic" in methods,
    )


def _fetch_event_metadata(connection: ProviderConnection) -> EventMetadata:
    provider = connection.provider
    document = connection.get(provider.at(_EVENT_PATH))
    issuer, url = (document.get(name) for name in ("issuer", "jwks_uri")) if isinstance(document, dict) else ("", "")
    if issuer not in (
        provider.issuer,
        f"{provider.issuer}/",
    ):  # Google's ends in a slash here, in ID tokens it does not
        raise connection.unavailable("another issuer of events")
    if not (isinstance(url, str) and _is_endpoint(connection, url)):
        raise connection.unavailable("no jwks_uri of events")
    return EventMetadata(str(issuer), url)


def _is_endpoint(connection: ProviderConnection, url: str) -> bool:
    """Return whether a document may name this address: https; http only where the issuer itself is reached so."""
    return is_provider_url(url) and (url.startswith("https://") or connection.is_own(url))


@cache
def _metadata_of(_base: str, _issuer: str) -> Cached[[ProviderConnection], Metadata]:
    return Cached(_fetch_metadata, keep_for=KEPT_FOR)


@cache
def _event_metadata_of(_base: str, _issuer: str) -> Cached[[ProviderConnection], EventMetadata]:
    return Cached(_fetch_event_metadata, keep_for=KEPT_FOR)


@cache
def _key_set_of(uri: str) -> _KeySet:
    return _KeySet(uri)
