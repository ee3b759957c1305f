"""Providers that lie about themselves, redirect, or name what is not theirs: nothing is asked there, nothing half-made
(OpenID Connect Discovery 1.0, 4.3; OWASP SSRF Prevention)."""

import socket
from collections.abc import Iterator
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone

from tests.configured import configured
from tests.federation import VISIT, configured_provider, sign_in
from tests.providers import OpenIdFake, providing, public, rsa_key, sign_with
from vestibule.challenges.payloads import SocialVisitPayload
from vestibule.flows.social_visits import Visit, fetch_answer
from vestibule.identities import discovery, protocol, provider_http
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider, find_provider
from vestibule.kernel import cached, deadline_reader
from vestibule.kernel.client import Client
from vestibule.kernel.errors import TokenInvalid, Unavailable

OTHER_RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def fake() -> OpenIdFake:
    """A provider whose answers are bent."""
    return OpenIdFake()


@pytest.fixture
def provider(fake: OpenIdFake) -> Iterator[Provider]:
    """It, configured."""
    with configured_provider("acme", fake) as found:
        yield found


def begin(provider: Provider) -> str:
    """Where a sign-in begins."""
    return protocol.authorization_url(provider, state="s", **VISIT)


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "an issuer with a slash": {"issuer": "{url}/"},
    "an issuer in capitals": {"issuer": "HTTP://{host}"},
    "no issuer": {"issuer": None},
    "a list of issuers": {"issuer": ["{url}"]},
    "no authorization": {"authorization_endpoint": None},
    "authorization by a script": {"authorization_endpoint": "javascript:alert(1)"},
    "authorization in clear": {"authorization_endpoint": "http://evil.example/authorize"},
    "authorization at a path": {"authorization_endpoint": "/authorize"},
    "authorization with a login": {"authorization_endpoint": "https://{host}@evil.example/authorize"},
    "authorization with a line break": {"authorization_endpoint": "https://{host}/a\r\nSet-Cookie: a=b"},
    "authorization with a tab": {"authorization_endpoint": "https://{host}/\ta"},
    "authorization with a backslash": {"authorization_endpoint": "https://evil.example\\@{host}/"},
    "authorization with a fragment": {"authorization_endpoint": "https://{host}/?a#b"},
    "authorization in another script": {"authorization_endpoint": "https://аpple.example/"},
    "tokens in clear": {"token_endpoint": "http://evil.example/token"},
    "tokens of another port here": {"token_endpoint": "http://127.0.0.1:1/token"},
    "no tokens": {"token_endpoint": None},
    "keys of a file": {"jwks_uri": "file:///etc/passwd"},
    "keys of a cloud's metadata": {"jwks_uri": "http://169.254.169.254/latest/meta-data/"},
    "no keys": {"jwks_uri": None},
    "keys that are a list": {"jwks_uri": ["{url}/keys"]},
    "userinfo in clear": {"userinfo_endpoint": "http://10.0.0.1/userinfo"},
}
# What a document may say, and nobody asks: an address inside.
INSIDE = (
    "https://127.0.0.1:1/",
    "https://localhost/",
    "https://10.0.0.1/",
    "https://169.254.169.254/",
    "https://[::1]/",
)


def test_fed_10_a_provider_that_lies_in_its_discovery(fake: OpenIdFake, provider: Provider) -> None:
    for lie, document in LIES.items():
        cached.reset_all()
        host = fake.url.removeprefix("http://")
        fake.document = {
            name: value.format(url=fake.url, host=host) if isinstance(value, str) else value
            for name, value in document.items()
        }
        with pytest.raises(Unavailable):
            begin(provider)
        assert protocol.authorization_origin(provider) is None, lie
    for right in ({}, {"userinfo_endpoint": None}, {"userinfo_endpoint": ""}):
        cached.reset_all()
        fake.document = right
        assert begin(provider).startswith(f"{fake.url}/authorize?response_type=code&")
    fake.document = {"authorization_endpoint": f"{fake.url}/authorize?policy=a"}
    cached.reset_all()
    assert begin(provider).startswith(f"{fake.url}/authorize?policy=a&response_type=code&")


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, {}),
        (404, {}, {}),
        (302, {"Location": "http://127.0.0.1:1/"}, {}),
        (200, {}, "<html>"),
        (200, {}, []),
        (200, {}, "null"),
        (200, {}, "[" * 100_000),
        (200, {}, "x" * 300_000),
        (200, {}, b"\xff"),
    ],
    ids=lambda answer: f"{answer[0]} {answer[2]!s:.10}",
)
def test_fed_10_a_document_that_is_none_and_is_one_later(fake: OpenIdFake, provider: Provider, answer: Any) -> None:
    fake.answers["/.well-known/openid-configuration"] = lambda: answer
    with pytest.raises(Unavailable):
        begin(provider)
    fake.answers.clear()
    assert begin(provider).startswith(f"{fake.url}/authorize?")
    assert fake.requests == ["/.well-known/openid-configuration"] * 2


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint", "userinfo_endpoint"])
def test_fed_10_no_address_inside_is_asked(
    fake: OpenIdFake, provider: Provider, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_http, "TIMEOUT", 1)  # of what must not happen: a connection that nobody answers
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for inside in (*INSIDE, f"https://127.0.0.1:{port}/", f"https://localhost:{port}/"):
            cached.reset_all()
            fake.document = {name: inside}
            with pytest.raises(Unavailable):
                sign_in(fake, provider)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    fake.document = {}
    cached.reset_all()
    assert sign_in(fake, provider).subject == fake.person.sub


def test_fed_10_a_provider_that_is_down(fake: OpenIdFake) -> None:
    with providing(fake), configured(SOCIAL={"acme": fake.settings()}):
        provider = find_provider("acme")
        brought = protocol.read_callback(ProviderConnection(provider), fake.authorize(begin(provider))[1])
        with pytest.raises(Unavailable):
            protocol.read_callback(ProviderConnection(provider), {"error": "temporarily_unavailable"})
    with configured(SOCIAL={"acme": fake.settings()}):
        with pytest.raises(Unavailable):
            protocol.fetch_answer(ProviderConnection(provider), brought, now=timezone.now(), **VISIT)
        cached.reset_all()
        with pytest.raises(Unavailable):
            begin(provider)


def test_fed_10_all_requests_of_a_sign_in_share_one_deadline(
    fake: OpenIdFake, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = protocol.read_callback(ProviderConnection(provider), fake.authorize(begin(provider))[1])
    monkeypatch.setattr(provider_http, "TIMEOUT", 0)
    fake.requests.clear()
    with pytest.raises(Unavailable):
        protocol.fetch_answer(ProviderConnection(provider), brought, now=timezone.now(), **VISIT)
    assert fake.requests == []


class Brought(dict[str, str]):
    """What a browser brings back to a host that has read nothing of the provider yet, which answers that slowly."""

    def get(self, name: str, *default: Any) -> Any:
        """The code is read when the discovery document was."""
        if name == "code":
            CLOCK["late"] = provider_http.TIMEOUT + 1
        return super().get(name, *default)


CLOCK = {"late": 0.0}


def test_fed_10_a_cold_discovery_and_the_exchange_share_one_deadline(
    fake: OpenIdFake, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, given = fake.authorize(begin(provider))
    visit = Visit(id=uuid4(), payload=SocialVisitPayload(provider="acme", return_to="", **VISIT))
    CLOCK["late"] = 0
    for module in (provider_http, deadline_reader):
        monkeypatch.setattr(module, "monotonic", lambda: monotonic() + CLOCK["late"])
    fake.document = {"authorization_response_iss_parameter_supported": False}
    cached.reset_all()
    fake.requests.clear()
    with pytest.raises(Unavailable):
        fetch_answer(Client.for_system("test", timezone.now()), visit, Brought(given))
    assert fake.requests == ["/.well-known/openid-configuration"]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_keys_that_are_none(fake: OpenIdFake, provider: Provider) -> None:
    """Of another use, type, curve or length, private, or nothing at all: they are passed over, and the right one
    counts."""
    small, curve = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())
    junk = [None, 1, {}, {"kty": "RSA"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "r1"}, {"kty": 1, "kid": "r1"}]
    bent = [public(rsa_key(), "r1", use="enc"), public(rsa_key(), "r1", alg="RS512"), public(small, "r1")]
    fake.keys = [*junk, *bent, public(curve, "r1"), public(rsa_key(), "r1")]  # type: ignore[list-item]
    assert sign_in(fake, provider).subject == fake.person.sub
    fake.sign = sign_with(small, "RS256")
    with pytest.raises(TokenInvalid):
        sign_in(fake, provider)


def test_fed_05_an_unknown_key_is_looked_for_once_a_minute(
    fake: OpenIdFake, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(fake, provider).subject == fake.person.sub
    fake.sign, fake.header, fake.keys = sign_with(OTHER_RSA, "RS256"), {"kid": "r2"}, [public(OTHER_RSA, "r2")]
    assert sign_in(fake, provider).subject == fake.person.sub  # rotated: found at once
    for _ in range(5):
        fake.header = {"kid": "unknown"}
        with pytest.raises(TokenInvalid):
            sign_in(fake, provider)
    assert fake.requests.count("/keys") == 2
    monkeypatch.setattr(discovery, "REFETCHED_EVERY", 0)
    fake.answers["/keys"] = lambda: (500, {}, {})
    with pytest.raises(Unavailable):
        sign_in(fake, provider)
    fake.header = {"kid": "r2"}
    assert sign_in(fake, provider).subject == fake.person.sub  # what was known counts on
