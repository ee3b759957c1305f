"""Bodies as clients send them: in chunks, without a length, too large; and tokens that are too long (FAULTS 17, 18,
HOL-26)."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from tests.pictures import upload
from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.service.wsgi import application
from vestibule.web import request_bodies

ADA = "ada@example.com"
START = json.dumps({"email": ADA, "password": PASSWORD}).encode()
CHUNKED: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def ask(path: str, body: bytes, content_type: str = "application/json", **environ: Any) -> tuple[int, dict[str, Any]]:
    """POST it through the WSGI application, as a server hands it over: no Content-Length but what is said."""
    given = Client()._base_environ(  # type: ignore[attr-defined]  # the environ that the test client begins with
        PATH_INFO=path, REQUEST_METHOD="POST", CONTENT_TYPE=content_type, **environ
    )
    given["wsgi.input"] = BytesIO(body)
    told: list[Any] = []

    def start_response(status: str, headers: object, failed: object = None) -> Callable[[bytes], object]:
        told.append(status)
        return told.append

    answer = b"".join(application(given, start_response))
    return int(told[0].partition(" ")[0]), json.loads(answer) if answer.startswith(b"{") else {}


def test_fault_17_a_body_in_chunks_is_read(house: None) -> None:
    status, body = ask("/api/auth/register/start", START, **CHUNKED)
    assert (status, "registration" in body) == (202, True)


def test_fault_17_a_form_in_chunks_is_read(house: None) -> None:
    assert ask("/login/", b"email=ada%40example.com", "application/x-www-form-urlencoded", **CHUNKED)[0] == 403  # CSRF


def test_fault_17_too_many_chunks_are_too_large(house: None) -> None:
    body = json.dumps({"email": ADA, "more": "x" * 65536}).encode()
    status, problem = ask("/api/auth/register/start", body, **CHUNKED)
    assert (status, problem["code"], problem["detail"]) == (413, "body_too_large", "At most 64 KiB can be sent here.")
    assert ask("/api/auth/me/picture", b"x" * (6 * 1024 * 1024), **CHUNKED)[1]["code"] == "body_too_large"


def test_fault_17_exactly_the_limit_is_taken(house: None) -> None:
    padded = START + b" " * (64 * 1024 - len(START))
    assert ask("/api/auth/register/start", padded, **CHUNKED)[0] == 202
    assert ask("/api/auth/register/start", padded + b" ", **CHUNKED)[0] == 413


def test_fault_17_without_length_and_chunks_there_is_no_body(house: None) -> None:
    status, problem = ask("/api/auth/register/start", START)
    assert (status, problem["code"]) == (400, "invalid")


def test_fault_17_chunks_that_the_server_does_not_end_are_refused(house: None) -> None:
    assert ask("/api/auth/register/start", START, HTTP_TRANSFER_ENCODING="chunked")[1]["code"] == "bad_request"


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "٣", "0x10", " "])
def test_inp_07_a_length_that_is_none_is_a_bad_request(house: None, length: str) -> None:
    assert ask("/api/auth/register/start", START, CONTENT_LENGTH=length)[1]["code"] == "bad_request"


@pytest.mark.parametrize("length", ["65537", "9" * 5000])
def test_inp_07_a_length_over_the_limit_is_too_large(house: None, length: str) -> None:
    assert ask("/api/auth/register/start", START, CONTENT_LENGTH=length)[1]["code"] == "body_too_large"


def test_fault_18_what_is_said_is_the_limit_that_was_applied(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    large = upload(api, access, b"\0" * (6 * 1024 * 1024))
    assert (large.code, large.body["detail"]) == ("body_too_large", "At most 5 MB can be sent here.")
    assert upload(api, access, b"\0" * (5 * 1024 * 1024 + 1)).body["codes"] == {"picture": ["too_large"]}
    page = Pages().http.post("/account/picture/", b"\0" * (6 * 1024 * 1024), content_type="image/png")
    assert (page.status_code, "At most 5 MB can be sent here." in page.content.decode()) == (413, True)
    form = Http().post("/login/", b"x" * 70_000, content_type="application/x-www-form-urlencoded")
    assert (form.status_code, "At most 64 KiB can be sent here." in form.content.decode()) == (413, True)


@pytest.mark.parametrize("length", [1, 43, 200, 201, 4096, 4097, 60_000])
@pytest.mark.parametrize(("path", "field"), [("token/refresh", "refresh"), ("token/verify", "token")])
def test_hol_26_a_token_of_any_length_is_401(api: Api, path: str, field: str, length: int) -> None:
    reply = api.post(path, {field: "x" * length})
    assert (reply.status, reply.code) == (401, "token_invalid")
    assert api.post("logout", {"refresh": "x" * length}).status == 401


def test_fault_17_no_more_of_a_body_in_chunks_is_read_than_may_be_sent() -> None:
    sent, path = BytesIO(bytes(1_000_000)), "/api/auth/login"
    request_bodies.buffer_chunked_body({**CHUNKED, "wsgi.input": sent, "PATH_INFO": path})
    assert sent.tell() == request_bodies.limit_for_path(path) + 1
