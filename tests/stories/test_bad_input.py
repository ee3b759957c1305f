"""Whatever is sent, the answer is a problem that names what is wrong, and never a 500."""

import json
from typing import Any

import pytest
from rest_framework.utils.formatting import lazy_format

from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.web.api import parsing
from vestibule.web.api.registration import StartRequest

START = {"email": "ada@example.com", "password": PASSWORD}
ENDPOINTS = {
    "register/start": START,
    "register/resend": {"registration": "x"},
    "register/confirm": {"registration": "x", "otp": "123456"},
}
WRONG_TYPES: list[Any] = [[], ["a"], {}, {"a": 1}, 1, 10**30, 1.5, True, None]


def raw(api: Api, path: str, body: bytes, content_type: str = "application/json") -> tuple[int, dict[str, Any]]:
    """POST any bytes; status and problem, which must be one."""
    answer = api.http.post(f"/api/auth/{path}", body, content_type=content_type)
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
    parsed = json.loads(answer.content)
    if answer.status_code >= 400:
        assert {"type", "title", "status", "code", "detail", "request_id"} <= parsed.keys()
        assert parsed["status"] == answer.status_code
        assert answer["Cache-Control"] == "no-store"
    return answer.status_code, parsed


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_field_of_every_wrong_type_is_named(api: Api, inbox: Inbox, path: str) -> None:
    for field in ENDPOINTS[path]:
        for wrong in WRONG_TYPES:
            status, problem = raw(api, path, json.dumps({**ENDPOINTS[path], field: wrong}).encode())
            assert (status, problem["code"]) == (400, "invalid"), (field, wrong)
            assert field in problem["errors"]
    assert inbox.all() == []


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("poison", ["a\x00b", "\ud800", "\udfff\ud800"])
def test_null_bytes_and_lone_surrogates_are_refused_by_field(api: Api, path: str, poison: str) -> None:
    for field in ENDPOINTS[path]:
        status, problem = raw(api, path, json.dumps({**ENDPOINTS[path], field: poison}).encode())
        assert (status, problem["code"]) == (400, "invalid")
        assert field in problem["errors"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"email": "\xc3"}',
        b'{"email": "a@example.com", "email": "b@example.com"}',
        b'{"n": NaN}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b"[" * 40 + b"]" * 40,
        b'{"a":' * 33 + b"1" + b"}" * 33,
    ],
)
def test_what_is_no_json_is_a_parse_error(api: Api, body: bytes) -> None:
    assert raw(api, "register/start", body)[1]["code"] == "parse_error"


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_what_is_no_object_is_invalid(api: Api, body: bytes) -> None:
    status, problem = raw(api, "register/start", body)
    assert (status, problem["code"]) == (400, "invalid")


def test_an_oversized_body_is_413(api: Api) -> None:
    body = json.dumps({**START, "more": "x" * 65536}).encode()
    assert raw(api, "register/start", body)[0] == 413


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a"],
)
def test_another_content_type_is_415(api: Api, content_type: str) -> None:
    assert raw(api, "register/start", json.dumps(START).encode(), content_type)[0] == 415


def test_wrong_methods_paths_and_accepts(api: Api) -> None:
    for method in ("get", "put", "patch", "delete"):
        answer = getattr(api.http, method)("/api/auth/register/start")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert "POST" in answer["Allow"]
    assert api.http.get("/api/auth/nothing").json()["code"] == "not_found"
    assert api.http.get("/api/auth/config", headers={"Accept": "text/html"}).json()["code"] == "not_acceptable"


def test_a_trailing_slash_is_ignored(api: Api, inbox: Inbox) -> None:
    assert raw(api, "register/start/", json.dumps(START).encode())[0] == 202
    assert api.http.get("/api/auth/config/").status_code == 200


@pytest.mark.parametrize("size", [1025, 4096])
def test_a_long_password_is_refused_before_it_is_hashed(api: Api, size: int) -> None:
    reply = api.start(email="ada@example.com", password="x" * size)
    assert (reply.status, list(reply.body["errors"])) == (400, ["password"])


@pytest.mark.parametrize("handle", ["", "x", "=" * 64, "A" * 64, "é" * 64, "../../etc/passwd", "null"])
def test_a_made_up_registration_is_no_token(api: Api, handle: str) -> None:
    for reply in (api.confirm(handle, "123456"), api.resend(handle)):
        assert reply.status == 400
        assert reply.code in ("token_invalid", "invalid")


def test_an_altered_registration_is_no_token(api: Api, inbox: Inbox) -> None:
    """OTP-20."""
    registration = api.start(**START).registration
    code = inbox.newest("ada@example.com").code
    altered = [registration[:-1], registration + "A", registration + "=", registration.swapcase(), registration + " "]
    for handle in altered:
        assert api.confirm(handle, code).code == "token_invalid"
    assert not User.objects.exists()


def test_operators_and_orm_lookups_are_no_fields(api: Api, inbox: Inbox) -> None:
    more = {"email__startswith": "a", "_connector": "OR", "password__regex": ".*", "$ne": "1", "' OR 1=1 --": "x"}
    assert api.post("register/start", {**START, **more}).status == 202


def test_what_is_too_long_is_told_to_many_at_once(api: Api) -> None:
    """One shape serves all threads: its messages were written before the first of them came."""
    shape = parsing._cached_serializer(StartRequest, "en")
    messages = [
        each.message for field in shape.fields.values() for each in field.validators if hasattr(each, "message")
    ]
    lazy = [message for message in messages if isinstance(message, lazy_format)]
    assert lazy
    assert all(message.result for message in lazy)
    status, problem = raw(api, "register/start", json.dumps({**START, "password": "x" * 4097}).encode())
    assert (status, problem["code"]) == (400, "invalid")
