"""Access tokens that our own key signed, and that are none of ours all the same: time, kind, issuer, audience, header
(TOK-03 to TOK-06). What a stranger may sign is in tests/domain/test_access.py."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.world import Api, Inbox
from vestibule.sessions import access_tokens, signing_keys

ADA = "ada@example.com"
LISTENER = "https://evil.example/keys"


def part(encoded: str) -> dict[str, Any]:
    """One part of a token, read."""
    return dict(json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))))


def signed(token: str, header: dict[str, Any] | None = None, *without: str, **claims: Any) -> str:
    """The token with other claims, and with more in its header, as our own key signs it; written by hand, for a
    library would not."""
    head, body = ({**part(each), **more} for each, more in zip(token.split("."), (header or {}, claims), strict=False))
    for name in without:
        del body[name]
    parts = [urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (head, body)]
    kid, key = signing_keys.current_signing_key(timezone.now())
    signature = jwt.get_algorithm_by_name("ES256").sign(b".".join(parts), key)
    assert kid == part(token.split(".")[0])["kid"]
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def refused(api: Api, token: str) -> str:
    """The code of the refusal, the same at every endpoint that takes a bearer, and at `token/verify`."""
    replies = [api.send("GET", path, token) for path in ("me", "sessions", "/api/admin/users")]
    replies.append(api.post("token/verify", {"token": token}))
    [(status, code)] = {(reply.status, reply.code) for reply in replies}
    assert status == 401
    return code


def test_what_our_key_signs_unchanged_is_taken(api: Api, ada: str) -> None:
    """Else the refusals below would show nothing."""
    assert api.send("GET", "me", signed(ada)).status == 200
    assert api.send("GET", "me", signed(ada, {"typ": "JWT"}, more="than is asked for")).status == 200


def test_tok_04_no_claim_may_be_missing(api: Api, ada: str) -> None:
    for name in access_tokens.REQUIRED_CLAIMS:
        assert refused(api, signed(ada, None, name)) == "token_invalid", name
        assert refused(api, signed(ada, None, **{name: None})) == "token_invalid", name


MOMENTS: tuple[Any, ...] = ("4102444800", "", "x", 4102444800.5, 1e30, 1e400, True, [4102444800], {})


def test_tok_04_a_moment_is_a_whole_number(api: Api, ada: str) -> None:
    for name in ("exp", "iat", "auth_time", "nbf"):
        for moment in MOMENTS:
            code = refused(api, signed(ada, None, **{name: moment}))
            assert code == "token_invalid" or (name, moment) == ("exp", True), (name, moment)


def test_tok_04_no_token_is_from_the_future(api: Api, ada: str) -> None:
    now = int(timezone.now().timestamp())
    for name in ("nbf", "iat"):
        assert refused(api, signed(ada, None, **{name: now + 120})) == "token_invalid"


def test_tok_04_the_leeway_is_half_a_minute(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        token = api.account(inbox, ADA)
        assert timedelta(seconds=60) >= access_tokens.LEEWAY
        clock.shift(access_tokens.lifetime_seconds() + access_tokens.LEEWAY.total_seconds() - 1)
        assert api.send("GET", "me", token).status == 200
        clock.shift(1)
        assert refused(api, token) == "token_expired"


def test_tok_04_no_token_outlives_what_we_give(api: Api, ada: str) -> None:
    """A key that somebody else used for a moment gives no token for ever."""
    exp = part(ada.split(".")[1])["exp"]
    assert refused(api, signed(ada, None, exp=exp + 3600)) == "token_invalid"


def test_tok_05_only_an_access_token_is_one(api: Api, ada: str) -> None:
    for kind in ("refresh", "id", "mfa", "", "ACCESS", "access ", ["access"], {"access": 1}, 0, True):
        assert refused(api, signed(ada, None, token_type=kind)) == "token_invalid", kind


OTHERS = ("https://other.example", "http://testserver.evil.example", "http://testserve", "", "HTTP://testserver", 7)
LISTS: tuple[Any, ...] = (["http://testserver"], ["http://testserver", "https://other.example"], [], {"a": 1})


def test_tok_06_a_token_of_another_house_is_none(api: Api, ada: str) -> None:
    """A second deployment by the same key; part of our name is not our name, and a list with our name is not it."""
    for claim in ("iss", "aud"):
        for value in (*OTHERS, *LISTS):
            assert refused(api, signed(ada, None, **{claim: value})) == "token_invalid", (claim, value)


def test_tok_06_the_audience_is_our_setting(api: Api, ada: str) -> None:
    for name in ("JWT_ISSUER", "JWT_AUDIENCE"):
        with configured(**{name: "https://second.example"}):
            assert refused(api, ada) == "token_invalid"


HEADERS: tuple[dict[str, Any], ...] = (
    {"crit": ["exp"]},
    {"crit": ["https://evil.example/ext"], "https://evil.example/ext": True},
    {"crit": []},
    {"crit": ["b64"], "b64": False},
    {"b64": False},
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "ES384"},
    {"kid": "../../dev/null"},
    {"kid": ["x"]},
    {"kid": ""},
)


def test_tok_03_no_header_changes_how_it_is_checked(api: Api, ada: str) -> None:
    for header in HEADERS:
        assert refused(api, signed(ada, header)) == "token_invalid", header


def test_tok_03_no_key_is_taken_from_a_header(api: Api, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is fetched: a name that is looked up fails the test."""
    stranger = generate_private_key(SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    looked_up: list[object] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *asked, **_: looked_up.append(asked))
    for name, value in {"jku": LISTENER, "x5u": LISTENER, "jwk": public, "x5c": [LISTENER], "url": LISTENER}.items():
        head = {**part(ada.split(".")[0]), name: value}
        forged = jwt.encode(part(ada.split(".")[1]), stranger, algorithm="ES256", headers=head)
        assert refused(api, forged) == "token_invalid", name
    assert not [asked for asked in looked_up if "evil" in str(asked)]


SESSIONS: tuple[Any, ...] = ("", "x", 7, None, ["x"], {}, "0" * 32, "00000000-0000-4000-8000-000000000001", "\x00")


def test_tok_05_the_session_is_one_of_ours(api: Api, ada: str) -> None:
    for sid in SESSIONS:
        reply = api.send("GET", "me", signed(ada, None, sid=sid))
        assert (reply.status, reply.code in ("token_invalid", "session_revoked")) == (401, True), sid
