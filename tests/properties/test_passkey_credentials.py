"""Whatever a browser sends as a credential is refused or right: nothing else comes of it, at both endpoints."""

import copy
import hashlib
import json
from contextlib import suppress
from typing import Any

import pytest
from fido2 import cbor
from fido2.utils import websafe_encode
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.passkeys import FLAG, SoftAuthenticator, add_passkey, request_options
from tests.world import Api, Inbox
from vestibule.factors.models import Passkey
from vestibule.factors.passkey_ceremonies import Unverifiable, parse_response, verify_assertion, verify_registration

OPTIONS = {
    "publicKey": {
        "rp": {"id": "testserver"},
        "rpId": "testserver",
        "user": {"id": "AAAA"},
        "challenge": "A" * 43,
        "pubKeyCredParams": [{"alg": -7}],
        "allowCredentials": [],
    }
}
DEVICE = SoftAuthenticator(origin="http://testserver")
MADE, PROVED = DEVICE.create(OPTIONS), DEVICE.get(OPTIONS)
MANY = examples(derandomize=True, deadline=None, max_examples=500, database=None)
FEW = examples(MANY, max_examples=30, suppress_health_check=list(HealthCheck))

JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
CBOR: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=9) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9) | st.integers(-9, 9), inner),
    max_leaves=8,
)
# Nested, endless, tagged (a shared value, a pattern, a date, a fraction by zero), cut off.
ODD_CBOR = st.sampled_from(
    [
        *(b"\x81" * 5000, b"\xd8\x1d\x00", b"\xd8\x1c\x81\xd8\x1d\x00", b"\xd8\x23\x63(a+", b"\xd8\x1e\x82\x01\x00"),
        *(b"\x9b" + b"\xff" * 8, b"\x5b" + b"\xff" * 8, b"\xbf", b"\xc1\xfb\x7f\xf0" + bytes(6), b"\xc2\x42\xff\xff"),
        *(b"\xa1\x01", b"\xf9\x7e\x00", b"\xc5\x82\x1b" + b"\xff" * 8 + b"\x01", b"\x04" + bytes(64), b""),
    ]
)


def encoded(content: bytes) -> str:
    """Base64url, and of the empty bytes something that is none."""
    return websafe_encode(content) or "="


@st.composite
def attestations(draw: st.DrawFn) -> bytes:
    """Attestation objects: any CBOR, or such as begin like one."""
    id, key = draw(st.binary(max_size=70)), draw(ODD_CBOR | CBOR.map(cbor.encode))
    flags = draw(st.just(FLAG.UP | FLAG.UV | FLAG.AT) | st.integers(0, 255))
    length = draw(st.just(len(id)) | st.integers(0, 65535))
    data = hashlib.sha256(b"testserver").digest() + bytes([flags]) + bytes(20) + length.to_bytes(2, "big") + id + key
    parts: dict[str, st.SearchStrategy[Any]] = {
        "fmt": st.just("none") | CBOR,
        "attStmt": st.just({}) | CBOR,
        "authData": st.just(data) | CBOR,
    }
    like_one = cbor.encode({name: draw(part) for name, part in parts.items()})
    return draw(st.just(like_one) | ODD_CBOR | CBOR.map(cbor.encode) | st.binary(max_size=200))


CLIENT_DATA = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["webauthn.get", "webauthn.create"]) | JSON,
            "challenge": st.just("A" * 43) | st.text(max_size=9),
            "origin": st.just("http://testserver") | JSON | st.lists(st.text(max_size=3), max_size=2),
        },
        optional={"crossOrigin": JSON, "tokenBinding": JSON | st.dictionaries(st.text(max_size=9), JSON)},
    ).map(lambda data: json.dumps(data).encode()),
    st.binary(max_size=80),
    st.sampled_from(
        [
            *(b"[" * 2000, b"{}", b"null", b"1" * 4000, b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}"),
            b'{"type":"webauthn.get","type":"webauthn.get"}',
        ]
    ),
)
MEMBER = JSON | st.lists(st.text(max_size=5), max_size=3)


@st.composite
def credentials(draw: st.DrawFn, right: dict[str, Any]) -> dict[str, Any]:
    """A right one, some members of which are others, missing or made of junk."""
    made = copy.deepcopy(right)
    response = made["response"]
    for name in draw(st.lists(st.sampled_from([*made, *response]), max_size=3, unique=True)):
        within = made if name in made else response
        kinds: dict[str, Any] = {"clientDataJSON": CLIENT_DATA, "attestationObject": attestations()}
        within[name] = draw(MEMBER | kinds.get(name, st.binary(max_size=90)).map(encoded))
    for name in draw(st.lists(st.sampled_from([*made, *response]), max_size=1)):
        made.pop(name, None) or response.pop(name, None)
    return made


@MANY
@given(credentials(MADE))
def test_a_registration_is_refused_or_right(sent: dict[str, Any]) -> None:
    with suppress(Unverifiable):
        verify_registration(parse_response(json.dumps(sent)))


@MANY
@given(credentials(PROVED), st.binary(max_size=90) | ODD_CBOR)
def test_an_assertion_is_refused_or_right(sent: dict[str, Any], public_key: bytes) -> None:
    with pytest.raises(Unverifiable):
        verify_assertion(
            parse_response(json.dumps(sent)), public_key=public_key, user_handle=bytes(3), is_backup_eligible=True
        )


@MANY
@given(st.text() | st.sampled_from(["[" * 9000, "1" * 40_000, '{"response":' * 900, "NaN", "\ud800", "[1e999]"]))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Unverifiable):
        parse_response(text)


def test_inside_the_service_both_endpoints_refuse_it(api: Api, inbox: Inbox) -> None:
    access, device = api.account(inbox, "ada@example.com"), SoftAuthenticator()
    assert add_passkey(api, access, device).status == 201
    proved, made = device.get(request_options(api)), device.create(api.send("POST", "passkeys/options", access).body)

    @FEW
    @given(credentials(proved), credentials(made))
    def refused(assertion: dict[str, Any], registration: dict[str, Any]) -> None:
        entered = api.send("POST", "login/passkey/verify", "", {"credential": assertion})
        assert entered.status in (200, 401), entered
        added = api.send("POST", "passkeys", access, {"credential": registration})
        assert added.status in (201, 400, 410), added

    refused()
    assert Passkey.objects.count() <= 2
