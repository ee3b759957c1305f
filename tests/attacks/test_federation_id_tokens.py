"""ID tokens that prove nothing: each way of forging, bending, replaying and misdirecting one (RFC 8725; OpenID Connect
Core, 3.1.3.7)."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from tests.configured import configured
from tests.federation import NONCE, configured_provider, sign_in
from tests.providers import CLIENT_ID, OpenIdFake, ec_key, providing, public, rsa_key, sign_with
from vestibule.identities import protocol
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.providers import Provider, find_provider
from vestibule.kernel.errors import NotFound, TokenInvalid

HOUR = 3600
OTHER_RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def fake() -> OpenIdFake:
    """A provider whose answers are bent."""
    return OpenIdFake()


@pytest.fixture
def provider(fake: OpenIdFake) -> Iterator[Provider]:
    """It, configured with the id of an app, too."""
    with configured_provider("acme", fake, native_client_ids="app.ios, app.android") as found:
        yield found


def verify(provider: Provider, token: str, nonce: str = NONCE) -> ProviderAnswer:
    """As a native app hands it in."""
    return protocol.verify_native_token(provider, token, nonce, timezone.now())


def encode(part: Any) -> str:
    """A part of a token."""
    return urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).rstrip(b"=").decode()


def now(seconds: int = 0) -> int:
    """A time of a token."""
    return int(time.time() + seconds)


def at(seconds: int) -> Callable[[], int]:
    """The same, of when the token is made."""
    return lambda: now(seconds)


CLAIMS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "another client"},
    "no audience": {"aud": None},
    "an empty audience": {"aud": []},
    "an audience of another type": {"aud": {CLIENT_ID: 1}},
    "a number among the audience": {"aud": [CLIENT_ID, 1]},
    "a part of our id": {"aud": CLIENT_ID[:-1]},
    "several audiences, and nobody asked": {"aud": [CLIENT_ID, "another client"]},
    "asked for by another": {"azp": "another client"},
    "asked for by nobody": {"azp": ""},
    "asked for by a list": {"azp": [CLIENT_ID]},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "an issuer of another type": {"iss": ["x"]},
    "over": {"exp": at(-31)},
    "without an end": {"exp": None},
    "an end that is a text": {"exp": "1795681295"},
    "an end that is true": {"exp": True},
    "an end that is no number": {"exp": float("nan")},
    "an end that never comes": {"exp": float("inf")},
    "a native token that lives for a year": {"exp": at(365 * 24 * HOUR)},
    "of the future": {"iat": at(120)},
    "without a beginning": {"iat": None},
    "a beginning that is a text": {"iat": "x"},
    "not valid yet": {"nbf": at(120)},
    "valid from a text on": {"nbf": "x"},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "an empty nonce": {"nonce": ""},
    "a list of nonces": {"nonce": [NONCE]},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 1},
    "a subject that is a list": {"sub": ["1"]},
    "a subject that is an object": {"sub": {"$ne": ""}},
    "a subject that is true": {"sub": True},
    "too long a subject": {"sub": "s" * 256},
    "a subject with a zero": {"sub": "1\x00"},
    "a subject with half a letter": {"sub": "\ud800"},
    "a subject with a line break": {"sub": "1\n"},
}
HEADERS: dict[str, dict[str, Any]] = {
    "an unknown key": {"kid": "unknown"},
    "a key of another type": {"kid": "e1"},
    "no key, and several that may be": {"kid": None},
    "an extension that must be understood": {"crit": ["x"], "x": 1},
    "an access token": {"typ": "at+jwt"},
    "a token of signing out": {"typ": "logout+jwt"},
}


@pytest.mark.parametrize("bent", CLAIMS)
def test_fed_05_a_token_whose_claims_do_not_hold(fake: OpenIdFake, provider: Provider, bent: str) -> None:
    right = {"nonce": NONCE}
    assert verify(provider, fake.id_token(**right)).subject == fake.person.sub
    fake.claims = CLAIMS[bent]
    with pytest.raises(TokenInvalid):
        verify(provider, fake.id_token(**right))
    if bent != "a native token that lives for a year":
        with pytest.raises(TokenInvalid):
            sign_in(fake, provider)


@pytest.mark.parametrize("bent", HEADERS)
def test_fed_05_a_token_whose_header_does_not_hold(fake: OpenIdFake, provider: Provider, bent: str) -> None:
    fake.keys = [*fake.keys, public(OTHER_RSA, "r2")]
    assert verify(provider, fake.id_token(nonce=NONCE)).subject == fake.person.sub
    fake.header = {**fake.header, **HEADERS[bent]}
    with pytest.raises(TokenInvalid):
        verify(provider, fake.id_token(nonce=NONCE))
    with pytest.raises(TokenInvalid):
        sign_in(fake, provider)


def hmac_with_the_public_key(form: PublicFormat, encoding: Encoding) -> Callable[[OpenIdFake], str]:
    """Signed by a secret that everybody knows."""
    secret = rsa_key().public_key().public_bytes(encoding, form)

    def sign(fake: OpenIdFake) -> str:
        _, body, _ = fake.id_token(nonce=NONCE).split(".")
        said = f"{encode({'alg': 'HS256', 'kid': 'r1'})}.{body}"
        return f"{said}.{encode(hmac.digest(secret, said.encode(), 'sha256'))}"

    return sign


def resign(header: dict[str, Any], signature: str | None = None) -> Callable[[OpenIdFake], str]:
    """Another header before the same claims."""

    def sign(fake: OpenIdFake) -> str:
        _, body, own = fake.id_token(nonce=NONCE).split(".")
        return f"{encode(header)}.{body}.{own if signature is None else signature}"

    return sign


FORGED: dict[str, Callable[[OpenIdFake], str]] = {
    "none": resign({"alg": "none", "kid": "r1"}, ""),
    "None": resign({"alg": "None", "kid": "r1"}, ""),
    "nOnE with a signature": resign({"alg": "nOnE", "kid": "r1"}),
    "no algorithm": resign({"kid": "r1"}),
    "a list of algorithms": resign({"alg": ["RS256"], "kid": "r1"}),
    "HS256 with the public key in PEM": hmac_with_the_public_key(PublicFormat.SubjectPublicKeyInfo, Encoding.PEM),
    "HS256 with the public key in DER": hmac_with_the_public_key(PublicFormat.SubjectPublicKeyInfo, Encoding.DER),
    "RS384": lambda fake: sign_with(rsa_key(), "RS384")({**sample(fake)}, {"kid": "r1"}),
    "PS256": lambda fake: sign_with(rsa_key(), "PS256")({**sample(fake)}, {"kid": "r1"}),
    "the key of another": lambda fake: sign_with(OTHER_RSA, "RS256")(sample(fake), {"kid": "r1"}),
    "a key that it brings along": lambda fake: sign_with(OTHER_RSA, "RS256")(
        sample(fake), {"kid": "r9", "jwk": public(OTHER_RSA, "r9"), "jku": "https://evil.example/keys"}
    ),
    "no signature": resign({"alg": "RS256", "kid": "r1"}, ""),
    "an empty text": lambda _: "",
    "no token": lambda _: "a.b",
    "five parts": lambda fake: fake.id_token(nonce=NONCE) + ".a.b",
    "a key id that is a number": resign({"alg": "RS256", "kid": 1}),
    "nested junk": lambda fake: f"{encode(b'[' * 6000)}.{encode(b'[' * 6000)}.x",
    "a body of junk": lambda fake: f"{encode({'alg': 'RS256', 'kid': 'r1'})}.{encode([1])}.x",
    "too long": lambda fake: fake.id_token(nonce=NONCE, x="x" * 17_000),
    "letters of another script": lambda fake: fake.id_token(nonce=NONCE).replace(".", "․"),
}


def sample(fake: OpenIdFake) -> dict[str, Any]:
    """The claims of a right token."""
    found: dict[str, Any] = jwt.decode(fake.id_token(nonce=NONCE), options={"verify_signature": False})
    return found


@pytest.mark.parametrize("forged", FORGED)
def test_fed_05_a_token_that_the_provider_did_not_sign(fake: OpenIdFake, provider: Provider, forged: str) -> None:
    with pytest.raises(TokenInvalid):
        verify(provider, FORGED[forged](fake))


@pytest.mark.parametrize(
    "right",
    [
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another client"], "azp": CLIENT_ID},
        {"azp": CLIENT_ID},
        {"exp": at(-20)},
        {"iat": at(20)},
        {"nbf": at(20), "iat": time.time},
        {"sub": "s" * 255},
        {"aud": "app.ios"},
        {"aud": CLIENT_ID, "azp": "app.android"},
    ],
)
def test_a_token_that_holds(fake: OpenIdFake, provider: Provider, right: dict[str, Any]) -> None:
    fake.claims = right
    assert verify(provider, fake.id_token(nonce=NONCE)).subject == right.get("sub", fake.person.sub)


def test_an_app_s_token_is_for_no_browser(fake: OpenIdFake, provider: Provider) -> None:
    fake.claims = {"aud": "app.ios"}
    with pytest.raises(TokenInvalid):
        sign_in(fake, provider)


def test_fed_11_a_nonce_is_needed_and_each_token_is_told_apart(fake: OpenIdFake, provider: Provider) -> None:
    token = fake.id_token(nonce=NONCE)
    for nonce in ("", "another", NONCE + " ", NONCE.upper()):
        with pytest.raises(TokenInvalid):
            verify(provider, token, nonce)
    fake.header, fake.sign = {"kid": "e1"}, sign_with(ec_key(), "ES256")
    first, second = fake.id_token(nonce=NONCE, iat=now()), fake.id_token(nonce=NONCE, iat=now())
    assert first != second  # ES256 signs the same differently
    assert verify(provider, first).replay_key == verify(provider, second).replay_key
    later = fake.id_token(nonce=NONCE, iat=now(-5))
    assert verify(provider, later).replay_key != verify(provider, first).replay_key


def test_fed_11_an_app_s_nonce_may_be_hashed_in_the_token(fake: OpenIdFake, provider: Provider) -> None:
    """As the samples for Apple and Google do it; in no other form, not hashed again, and not in a visit of ours."""
    hashed = sha256(NONCE.encode())
    token = fake.id_token(nonce=hashed.hexdigest())
    assert verify(provider, token, NONCE).subject == fake.person.sub
    assert verify(provider, token, hashed.hexdigest()).subject == fake.person.sub
    for other in ("another", "", hashed.hexdigest().upper()):
        with pytest.raises(TokenInvalid):
            verify(provider, token, other)
    twice = sha256(hashed.hexdigest().encode()).hexdigest()
    for form in (hashed.hexdigest().upper(), encode(hashed.digest()), hashed.hexdigest()[:32], twice):
        with pytest.raises(TokenInvalid):
            verify(provider, fake.id_token(nonce=form), NONCE)
    with pytest.raises(TokenInvalid):
        verify(provider, fake.id_token(nonce=sha256(b"").hexdigest()), "")
    fake.claims = {"nonce": hashed.hexdigest()}
    with pytest.raises(TokenInvalid):
        sign_in(fake, provider)


def test_an_at_hash_is_that_of_the_access_token(fake: OpenIdFake, provider: Provider) -> None:
    for bent in ("x", "", 1, encode(sha256(b"the access token").digest())):
        fake.claims = {"at_hash": bent}
        with pytest.raises(TokenInvalid):
            sign_in(fake, provider)
    fake.claims = {"at_hash": None}
    assert sign_in(fake, provider).subject == fake.person.sub


@pytest.mark.parametrize("said", [{"sub": "2"}, {"sub": None}, {}, {"sub": ["248289761001"]}, []], ids=str)
def test_fed_02_userinfo_of_somebody_else(fake: OpenIdFake, provider: Provider, said: Any) -> None:
    fake.answers["/userinfo"] = lambda: (200, {}, said)
    with pytest.raises(TokenInvalid):
        sign_in(fake, provider)


def test_the_claims_of_two_sources_are_not_mixed(fake: OpenIdFake, provider: Provider) -> None:
    fake.claims = {"email": "eve@example.com", "email_verified": False}
    found = sign_in(fake, provider)
    assert (str(found.email), found.email_is_proved) == ("eve@example.com", False)
    fake.claims = {"email": None, "email_verified": True}
    fake.answers["/userinfo"] = lambda: (200, {}, {"sub": fake.person.sub, "email": "eve@example.com"})
    found = sign_in(fake, provider)
    assert (str(found.email), found.email_is_proved) == ("eve@example.com", False)


def test_github_has_no_id_tokens(fake: OpenIdFake) -> None:
    given = {"client_id": "1", "client_secret": "2"}
    with providing(fake), configured(SOCIAL={"github": given}), pytest.raises(NotFound):
        verify(find_provider("github"), fake.id_token(nonce=NONCE))


def test_the_time_is_that_of_the_request(fake: OpenIdFake, provider: Provider) -> None:
    token, at = fake.id_token(nonce=NONCE), timezone.now()
    later = protocol.verify_native_token(provider, token, NONCE, at + timedelta(minutes=9))
    assert later.subject == fake.person.sub
    for moment in (at + timedelta(minutes=11), at - timedelta(minutes=1)):
        with pytest.raises(TokenInvalid):
            protocol.verify_native_token(provider, token, NONCE, moment)
