"""FED-05 for what a provider pushes: a security event that is not its own, not for us, or of another form, is refused
in the words of RFC 8935, 2.3, and ends nothing."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.event_fakes import GOOGLE_ENDS, GoogleFake, PushingAppleFake, PushingFake
from tests.providers import ec_key, rsa_key, sign_with
from tests.social import coming_from, sign_in
from tests.world import Api
from vestibule.kernel import cached

KINDS = {"google": GOOGLE_ENDS[0], "apple": "consent-revoked"}
OTHER_RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture(params=[GoogleFake, PushingAppleFake])
def fake(request: pytest.FixtureRequest) -> Iterator[PushingFake]:
    """A provider that is listened to."""
    made: PushingFake = request.param()
    with coming_from(made):
        yield made


@pytest.fixture
def opened(api: Api, fake: PushingFake) -> Iterator[str]:
    """A session that it has opened, which is there still at the end."""
    access = sign_in(api, fake).body["access"]
    yield access
    assert api.send("GET", "me", access).status == 200


def err_of(answer: Any) -> str:
    """The word of RFC 8935 in a refusal."""
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"err", "description"}
    return str(body["err"])


def encode(part: Any) -> str:
    """A part of a token."""
    return urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """`none`."""
    return f"{encode({'alg': 'none', **header})}.{encode(claims)}."


def keyed_with_the_public_key(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """HMAC with what everybody knows."""
    said = f"{encode({'alg': 'HS256', **header})}.{encode(claims)}"
    key = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{said}.{encode(hmac.digest(key, said.encode(), sha256))}"


SIGNED: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], str], dict[str, Any], str]] = {
    "none": (unsigned, {"kid": "r1"}, "invalid_request"),
    "hmac": (keyed_with_the_public_key, {"kid": "r1"}, "invalid_request"),
    "another key": (sign_with(OTHER_RSA, "RS256"), {"kid": "r1"}, "invalid_key"),
    "unknown kid": (sign_with(rsa_key(), "RS256"), {"kid": "r9"}, "invalid_key"),
    "another algorithm": (sign_with(ec_key(), "ES256"), {"kid": "r1"}, "invalid_key"),
    "weaker": (sign_with(rsa_key(), "RS512"), {"kid": "r1"}, "invalid_request"),
    "crit": (sign_with(rsa_key(), "RS256"), {"kid": "r1", "crit": ["x"], "x": 1}, "invalid_request"),
    "another type": (sign_with(rsa_key(), "RS256"), {"kid": "r1", "typ": "at+jwt"}, "invalid_request"),
}


def test_fed_05_a_security_event_that_is_not_signed_so(
    api: Api, fake: PushingFake, opened: str, subtests: pytest.Subtests
) -> None:
    for how in SIGNED:
        with subtests.test(how=how):
            fake.sign, fake.header, error = SIGNED[how]
            assert err_of(fake.push(api, fake.event_token(KINDS[fake.ID]))) == error


def now(seconds: int) -> int:
    """A time of a token."""
    return int(time.time()) + seconds


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://accounts.example.com"}, "invalid_issuer"),
    "no issuer": ({"iss": None}, "invalid_request"),
    "another client": ({"aud": "somebody-else"}, "invalid_audience"),
    "others": ({"aud": ["somebody-else", "another"]}, "invalid_audience"),
    "no audience": ({"aud": None}, "invalid_request"),
    "no id": ({"jti": None}, "invalid_request"),
    "an empty id": ({"jti": ""}, "invalid_request"),
    "an id that is none": ({"jti": ["x"]}, "invalid_request"),
    "no time": ({"iat": None}, "invalid_request"),
    "from the future": ({"iat": now(3600)}, "invalid_request"),
    "a time that is none": ({"iat": True}, "invalid_request"),
    "of last week": ({"iat": now(-8 * 86_400)}, "invalid_request"),
    "over": ({"exp": now(-3600)}, "invalid_request"),
    "no events": ({"events": None}, "invalid_request"),
    "events that are none": ({"events": [KINDS["google"]]}, "invalid_request"),
    "a text that is none": ({"events": "nothing"}, "invalid_request"),
    "a list as text": ({"events": "[]"}, "invalid_request"),
    "deep": ({"events": "[" * 9000}, "invalid_request"),
    "of nobody": ({"events": '{"type": "consent-revoked"}'}, "invalid_request"),
    "of a list": ({"events": '{"type": "consent-revoked", "sub": ["x"]}'}, "invalid_request"),
    "of facts that are none": ({"events": {KINDS["google"]: "x"}}, "invalid_request"),
}


def test_fed_05_a_security_event_whose_claims_do_not_hold(
    api: Api, fake: PushingFake, opened: str, subtests: pytest.Subtests
) -> None:
    for how in CLAIMS:
        with subtests.test(how=how):
            fake.event_claims, error = CLAIMS[how]
            assert err_of(fake.push(api, fake.event_token(KINDS[fake.ID]))) == error


def test_fed_05_an_id_token_is_no_security_event_and_the_other_way_round(
    api: Api, fake: PushingFake, opened: str
) -> None:
    assert err_of(fake.push(api, fake.id_token(nonce="n-1"))) == "invalid_request"
    told = {"id_token": fake.event_token(KINDS[fake.ID]), "nonce": "n-1"}
    assert api.post(f"social/{fake.ID}/token", told).code == "token_invalid"


@pytest.mark.parametrize("subject", [None, "x", {}, {"sub": 5}, {"sub": ""}, {"iss": "https://other", "sub": "SUB"}])
def test_fed_02_an_event_of_nobody_or_of_another_issuer_ends_nothing(api: Api, subject: Any) -> None:
    made = GoogleFake()
    with coming_from(made):
        access = sign_in(api, made).body["access"]
        named = {**subject, "sub": made.person.sub} if isinstance(subject, dict) and "iss" in subject else subject
        made.event_claims = {"events": {KINDS["google"]: {"subject": named}}}
        assert made.push(api, made.event_token(KINDS["google"])).status_code == 202
        assert api.send("GET", "me", access).status == 200


def test_fed_10_bodies_and_providers_that_are_none(api: Api, fake: PushingFake, opened: str) -> None:
    path = f"/api/auth/social/{fake.ID}/events"

    def post(body: Any, kind: str) -> int:
        return int(api.http.generic("POST", path, body, content_type=kind).status_code)

    assert post("x" * 70_000, "application/secevent+jwt") == 413
    assert post("x", "text/plain") == 415
    assert post(b"\xff", "application/secevent+jwt") == 400
    assert post("", "application/secevent+jwt") == 400
    assert post("{}", "application/json") == 400
    assert post('{"payload": 5}', "application/json") == 400
    assert api.http.get(path).status_code == 405
    for other in ("github", "acme", "nobody"):
        assert api.http.post(path.replace(fake.ID, other), '{"payload": "x"}', "application/json").status_code == 404


@pytest.mark.parametrize(
    "document",
    [
        (500, {}, ""),
        (200, {}, {"issuer": "https://other.example.com", "jwks_uri": "https://other.example.com/keys"}),
        (200, {}, {"issuer": "HERE/", "jwks_uri": "http://203.0.113.9/keys"}),
        (200, {}, {"issuer": "HERE/"}),
        (200, {}, []),
    ],
)
def test_fed_10_google_s_document_lies_or_is_not_there(api: Api, document: Any) -> None:
    made = GoogleFake()
    with coming_from(made):
        status, headers, said = document
        if isinstance(said, dict) and said["issuer"] == "HERE/":
            said = {**said, "issuer": f"{made.url}/"}
        made.answers["/.well-known/risc-configuration"] = lambda: (status, headers, said)
        cached.reset_all()
        assert made.push(api, made.event_token(KINDS["google"])).status_code == 503
