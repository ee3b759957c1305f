"""The edge: rates, true addresses, hosts, headers, request ids."""

from collections.abc import Iterator

import pytest
from time_machine import travel

from tests.configured import configured, rated
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.courier.models import Message


@pytest.fixture
def five_starts(house: None) -> Iterator[None]:
    """The default rate of starts."""
    with rated(register_start="5/hour"):
        yield


def start(api: Api, number: int, **headers: str) -> int:
    """Sign up as somebody new; the status."""
    return api.post("register/start", {"email": f"p{number}@example.com", "password": PASSWORD}, **headers).status


def test_the_sixth_start_of_an_hour_is_429(five_starts: None, api: Api) -> None:
    """BF-15."""
    assert [start(api, n) for n in range(5)] == [202] * 5
    reply = api.post("register/start", {"email": "six@example.com", "password": PASSWORD})
    assert (reply.status, reply.code) == (429, "throttled")
    assert 3500 < int(reply.headers["Retry-After"]) <= 3601
    assert reply.body["retry_after"] == int(reply.headers["Retry-After"])
    assert reply.headers["RateLimit-Policy"] == '"default";q=5;w=3600'
    assert reply.headers["RateLimit"].startswith('"default";r=0;t=')
    assert Message.objects.count() == 5


def test_one_address_gets_five_mails_an_hour_and_everybody_the_same_answer(api: Api, inbox: Inbox) -> None:
    with rated(mail="5/hour;10/day"), travel("2026-03-01T12:00:00Z", tick=False) as clock:
        answers = {api.start(email="v@example.com", password=PASSWORD).status for _ in range(12)}
        assert answers == {202}
        assert len(inbox.all("v@example.com")) == 5
        clock.shift(3601)
        assert {api.start(email="v@example.com", password=PASSWORD).status for _ in range(12)} == {202}
        assert len(inbox.all("v@example.com")) == 10


def test_request_ids_are_echoed_when_they_are_harmless(api: Api) -> None:
    assert api.http.get("/api/auth/config", headers={"X-Request-ID": "a.B_c-1"})["X-Request-ID"] == "a.B_c-1"
    for foreign in ("a b", "x" * 65, "a\tb", "é", ""):
        made = api.http.get("/api/auth/config", headers={"X-Request-ID": foreign})["X-Request-ID"]
        assert made != foreign
        assert len(made) == 32


@pytest.mark.parametrize("path", ["/api/auth/config", "/api/auth/none", "/register/", "/none", "/health/live"])
def test_headers_of_every_answer(api: Api, path: str) -> None:
    answer = api.http.get(path)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == ("strict-origin" if path in ("/register/", "/none") else "no-referrer")
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "DENY"


def test_no_origin_is_allowed_unless_it_is_listed(api: Api) -> None:
    for origin in ("https://evil.example", "null"):
        assert "Access-Control-Allow-Origin" not in api.http.get("/api/auth/config", headers={"Origin": origin})
    with configured(CORS_ALLOWED_ORIGINS=["https://app.example.com"]):
        answer = api.http.get("/api/auth/config", headers={"Origin": "https://app.example.com"})
    assert answer["Access-Control-Allow-Origin"] == "https://app.example.com"


def test_a_form_without_our_token_is_refused(house: None, inbox: Inbox) -> None:
    http = Http(enforce_csrf_checks=True)
    assert http.post("/register/", {"email": "ada@example.com", "password": PASSWORD}).status_code == 403
    assert inbox.all() == []
