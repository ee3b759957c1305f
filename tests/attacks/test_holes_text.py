"""What parsers are fed until they break: tokens (HOL-13), media types, charsets."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.world import Api, Http, Inbox
from vestibule.service.wsgi import Request, application
from vestibule.sessions import access_tokens, signing_keys

ADA = "ada@example.com"


def part(body: bytes) -> str:
    return urlsafe_b64encode(body).decode().rstrip("=")


GOOD = part(b'{"alg":"ES256","kid":"x","typ":"JWT"}')
BOMBS = {
    "nested header": part(b"[" * 3000),
    "nested objects": part(b'{"a":' * 500) + ".e30.x",
    "nested kid": part(b'{"kid":' + b"[" * 2900) + ".e30.x",
    "nested payload": GOOD + "." + part(b"[" * 2900) + ".x",
    "huge int": part(b'{"kid":' + b"9" * 2900 + b"}") + ".e30.x",
    "huge int, in whole": part(b"9" * 3000) + ".e30.x",
    "no UTF-8": part(b"\xff\xfe\x00") + ".e30.x",
    "a surrogate": part(b'{"alg":"ES256","kid":"\\ud800"}') + ".e30.x",
    "a NUL": part(b'{"alg":"ES256","kid":"\\u0000"}') + ".e30.x",
    "kid is a list": part(b'{"alg":"ES256","kid":["x"]}') + ".e30.x",
    "no base64": "\u00e9.\u00e9.\u00e9",
    "one part": "x",
    "nine parts": ".".join(["e30"] * 9),
    "dots": "...",
    "very long": "x" * 5000 + ".e30.x",
    "no such key": f"{GOOD}.e30.{part(bytes(64))}",
    "none": part(b'{"alg":"none","kid":"x"}') + ".e30.",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_hol_13_no_token_breaks_a_bearer_endpoint(api: Api, bomb: str) -> None:
    for method, path in (("GET", "me"), ("POST", "reauthenticate"), ("POST", "logout"), ("GET", "/api/admin/users")):
        answer = api.http.generic(
            method,
            path if path.startswith("/") else f"/api/auth/{path}",
            "{}",
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {BOMBS[bomb]}".encode().decode("latin-1"),
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), path


@pytest.mark.parametrize("bomb", [name for name in BOMBS if name != "very long"])
def test_hol_13_no_token_breaks_token_verify(api: Api, bomb: str) -> None:
    reply = api.post("token/verify", {"token": BOMBS[bomb]})
    assert (reply.status, reply.code) == (401, "token_invalid")


def test_hol_13_a_real_token_around_a_bomb_is_no_token(api: Api, inbox: Inbox) -> None:
    """TOK-03: ours but for its header; nothing of it is fetched or followed."""
    header, payload, signature = api.account(inbox, ADA).split(".")
    kid = json.loads(jwt.utils.base64url_decode(header))["kid"]
    more: list[dict[str, Any]] = [
        *(
            {"kid": "../../dev/null"},
            {"kid": "' OR 1=1 --"},
            {"jku": "http://127.0.0.1:9/"},
            {"x5u": "http://127.0.0.1:9/"},
        ),
        *({"jwk": {"kty": "EC"}}, {"crit": ["b64"], "b64": False}, {"alg": ["ES256"]}, {"alg": None}, {"typ": 7}),
    ]
    for each in more:
        changed = part(json.dumps({"alg": "ES256", "kid": kid, "typ": "JWT", **each}).encode())
        assert api.send("GET", "me", f"{changed}.{payload}.{signature}").code == "token_invalid"
    assert api.send("GET", "me", f"{header}.{payload}.{signature}").status == 200


def test_hol_13_unknown_keys_are_not_looked_up_each_time(
    api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look in REREAD_AFTER seconds, whoever makes up how many."""
    ada = api.account(inbox, ADA)
    assert api.send("GET", "me", ada).status == 200  # the keys are read
    monkeypatch.setattr(signing_keys, "REREAD_AFTER", 3600.0)
    monkeypatch.setattr(signing_keys._opened_keys, "_keep_for", 3600.0)
    with CaptureQueriesContext(connection) as asked:
        for number in range(20):
            made_up = part(json.dumps({"alg": "ES256", "kid": f"made up {number}"}).encode())
            assert api.send("GET", "me", f"{made_up}.e30.x").code == "token_invalid"
    assert len([query for query in asked if "vestibule_signing_key" in query["sql"]]) == 0
    assert api.send("GET", "me", ada).status == 200


def test_hol_13_a_key_of_another_process_is_found(api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = api.account(inbox, ADA)
    with monkeypatch.context() as before_that_key_was_made:
        before_that_key_was_made.setattr(signing_keys._opened_keys, "_make", dict)
        assert signing_keys._opened_keys.get_younger_than(0) == {}
    monkeypatch.setattr(signing_keys, "REREAD_AFTER", 0.0)
    assert api.send("GET", "me", ada).status == 200


def test_hol_13_our_own_tokens_are_far_from_the_longest(api: Api, inbox: Inbox) -> None:
    assert len(api.account(inbox, ADA)) < access_tokens.MAX_TOKEN_LENGTH / 4


MEDIA = ["a/b; charset=hex", "a/b; charset=zip", "a/b; x*=nope''%41", "a/b; charset*=hex''%41", "a/b" + "; x" * 900]


@pytest.mark.parametrize("media_type", MEDIA)
@pytest.mark.parametrize("path", ["/api/auth/config", "/login/?next=x", "/health/live", "/nothing"])
def test_inp_11_no_media_type_ends_a_request_before_we_see_it(
    house: None, monkeypatch: pytest.MonkeyPatch, media_type: str, path: str
) -> None:
    """Django would raise while it makes the request, outside of every middleware: a bare 500."""
    assert application.request_class is Request
    monkeypatch.setattr("django.test.client.WSGIRequest", Request)
    http = Http()
    assert http.get(path, CONTENT_TYPE=media_type).status_code in (200, 404)
    assert http.get(path, HTTP_ACCEPT=media_type).status_code in (200, 404, 406)
    assert http.generic("POST", "/api/auth/login", b"{}", content_type=media_type).status_code == 415
    assert http.generic("POST", "/login/", b"{}", content_type=media_type).status_code in (401, 415)


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "latin-1", "hex", "nope", ""])
def test_inp_11_bodies_are_utf_8(house: None, monkeypatch: pytest.MonkeyPatch, charset: str) -> None:
    monkeypatch.setattr("django.test.client.WSGIRequest", Request)
    http = Http()
    for path, kind in (("/api/auth/login", "application/json"), ("/login/", "application/x-www-form-urlencoded")):
        assert http.generic("POST", path, b"{}", content_type=f"{kind}; charset={charset}").status_code == 415
        assert http.generic("POST", path, b"{}", content_type=f"{kind}; charset=UTF-8").status_code in (200, 400, 401)
