"""A refusal that is asked for again at once is given at the door: the same bytes as the long way, and no line."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from prometheus_client import REGISTRY
from time_machine import travel

from tests.architecture.source import Call, calls
from tests.browsing import Browser
from tests.configured import configured, rated
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.audit.daily_counts import daily_counter
from vestibule.audit.models import DayTally
from vestibule.limits import rate_counters
from vestibule.limits.admission import admission
from vestibule.web.held_answers import HELD_FOR, HOLD_ANSWER
from vestibule.web.repeated_refusals import REMEMBERED_FOR

NOON, APP, PROXY = "2026-03-01T12:00:00Z", "https://app.example.com", "10.0.0.1"
ADA = {"email": "ada@example.com"}
REQUESTS = {
    "register/start": {**ADA, "password": PASSWORD},
    "register": {**ADA, "username": "ada", "password": PASSWORD},
    "register/confirm": {"registration": "x", "otp": "123456"},
    "register/resend": {"registration": "x"},
    "login": {**ADA, "password": PASSWORD},
    "login/magic/start": ADA,
    "password/reset": ADA,
    "token/refresh": {"refresh": "x"},
}
HASHING = ("register/start", "register", "login")
HEADERS: dict[str, dict[str, str]] = {
    "plain": {},
    "another language": {"Accept-Language": "xa, en;q=0.5"},
    "a page of the application": {"Origin": APP},
    "a page of a stranger": {"Origin": "https://evil.example"},
    "over TLS": {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"},
}
AT_ONCE = [each for each in settings.MIDDLEWARE if not each.endswith("repeat_refusals")]
assert len(AT_ONCE) == len(settings.MIDDLEWARE) - 1


@pytest.fixture(params=["1/minute", "1/hour"])
def one_each(request: pytest.FixtureRequest, house: None) -> Iterator[None]:
    """One request of each kind, and applications and languages as an operator may have them."""
    kinds = [*("register_start", "register", "register_confirm", "register_resend", "login", "magic_start")]
    kinds += ["password_reset", "token", "anon"]
    languages = [("en", "English"), ("xa", "Accents")]
    with (
        rated(**dict.fromkeys(kinds, request.param)),
        configured(CORS_ALLOWED_ORIGINS=[APP], LANGUAGES=languages, SECURE_HSTS_SECONDS=31_536_000),
        travel(NOON, tick=False),
    ):
        yield


def ask(path: str, headers: dict[str, str] | None = None, address: str = "") -> Any:
    """The answer of the API."""
    sent = {"X-Request-ID": "the-same", **(headers or {})}
    address = address or (PROXY if "X-Forwarded-For" in sent else "198.51.100.9")
    return Http(REMOTE_ADDR=address).post(f"/api/auth/{path}", REQUESTS[path], "application/json", headers=sent)


@contextmanager
def no_place() -> Iterator[None]:
    """Somebody's work holds every place."""
    held = 0
    while admission.places.acquire_place([f"party {held}"], known=True):
        held += 1
    try:
        yield
    finally:
        for number in range(held):
            admission.places.release_place([f"party {number}"], known=True)


def told(answer: Any) -> tuple[int, str, list[tuple[str, str]], bytes]:
    """All of it."""
    return answer.status_code, answer.reason_phrase, sorted(answer.headers.items()), answer.content


@pytest.mark.parametrize("said", HEADERS)
@pytest.mark.parametrize("path", REQUESTS)
def test_bf_16_a_rate_that_refused_refuses_again_at_the_door(
    one_each: None, printed: StringIO, path: str, said: str
) -> None:
    with configured(MIDDLEWARE=AT_ONCE):
        ask(path, HEADERS[said])
        the_long_way = ask(path, HEADERS[said])
    assert the_long_way.status_code == 429
    ask(path, HEADERS[said])  # which is remembered
    printed.truncate(0)
    assert told(ask(path, HEADERS[said])) == told(the_long_way)
    assert not printed.getvalue().strip("\0")


@pytest.mark.parametrize("said", HEADERS)
@pytest.mark.parametrize("path", HASHING)
def test_bf_16_without_a_place_it_is_refused_again_at_the_door(
    house: None, printed: StringIO, path: str, said: str
) -> None:
    with no_place():
        with configured(MIDDLEWARE=AT_ONCE):
            the_long_way = ask(path, HEADERS[said])
        assert (the_long_way.status_code, the_long_way["Retry-After"]) == (503, "1")
        ask(path, HEADERS[said])
        printed.truncate(0)
        assert told(ask(path, HEADERS[said])) == told(the_long_way)
        assert not printed.getvalue().strip("\0")
    assert ask(path, HEADERS[said]).status_code != 503  # as soon as there is one


def test_bf_16_what_is_refused_at_the_door_is_held_back(house: None) -> None:
    """From whoever did not wait: neither an answer is held, nor the first refusal."""
    held: list[float] = []
    environ: dict[str, Any] = {HOLD_ANSWER: held.append}
    http = Http(REMOTE_ADDR="198.51.100.9", **environ)
    with rated(login="1/hour"):
        for already in ([], [], [HELD_FOR], [HELD_FOR] * 2):
            http.post("/api/auth/login", REQUESTS["login"], "application/json")
            assert held == already


def test_bf_16_the_long_way_too_a_refusal_is_held_back_from_who_did_not_wait(api: Api, inbox: Inbox) -> None:
    """A signed-in person, for whom no place is free; after the second that they were told it comes at once. They were
    told so when the answer was sent."""
    held: list[float] = []
    access = api.account(inbox, ADA["email"])
    environ: dict[str, Any] = {HOLD_ANSWER: held.append}
    http = Http(**environ, headers={"Authorization": f"Bearer {access}"})
    with travel(timezone.now(), tick=False) as clock, no_place():
        for seconds, already in ((0, 0), (0.9, 1), (HELD_FOR + 0.9, 2), (HELD_FOR + 1.1, 2), (0, 3)):
            clock.shift(seconds)
            answer = http.post("/api/auth/reauthenticate", {"password": PASSWORD}, "application/json")
            assert (answer.status_code, answer["Retry-After"]) == (503, "1")
            assert held == [HELD_FOR] * already


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_bf_16_what_is_refused_at_the_door_is_counted(house: None) -> None:
    counted = {
        "vestibule_throttled_total": {"rule": "login"},
        "vestibule_events_total": {"event": "rate.exceeded", "code": "throttled"},
        "vestibule_request_duration_seconds_count": {"route": "api/auth/login", "method": "POST", "status": "4xx"},
    }
    with rated(login="1/hour"):
        before = {name: value(name, **labels) for name, labels in counted.items()}
        assert [ask("login").status_code for _ in range(5)] == [401, 429, 429, 429, 429]
    rose = {name: value(name, **labels) - before[name] for name, labels in counted.items()}
    assert rose == {**dict.fromkeys(counted, 4), "vestibule_request_duration_seconds_count": 5}
    daily_counter.flush()
    assert DayTally.objects.get(name="rate.exceeded", code="login").count == 4
    labels = {"work": "hash", "where": "door"}
    refused = value("vestibule_work_refused_total", **labels)
    with no_place():
        assert [ask("login", address="203.0.113.9").status_code for _ in range(5)] == [503] * 5
    assert value("vestibule_work_refused_total", **labels) == refused + 5


def test_bf_16_the_door_opens_when_the_rate_does(house: None) -> None:
    with rated(login="2/hour"), travel(NOON, tick=False) as clock:
        assert [ask("login").status_code for _ in range(4)] == [401, 401, 429, 429]
        assert ask("login", address="198.51.100.10").status_code == 401  # somebody else
        clock.shift(3590)
        answer = ask("login")
        assert (answer["Retry-After"], answer.json()["retry_after"]) == ("20", 20)
        assert answer.json()["detail"].endswith("20 seconds.")
        clock.shift(7)
        assert ask("login")["Retry-After"] == "4"
        clock.shift(4)
        assert ask("login").status_code == 401


def test_bf_16_after_a_minute_the_counts_are_asked_again(house: None) -> None:
    """Redis may have lost them, or an operator given the network room."""
    with rated(login="1/hour"), travel(NOON, tick=False) as clock:
        assert [ask("login").status_code for _ in range(3)] == [401, 429, 429]
        rate_counters.reset_rate_counters()
        assert ask("login").status_code == 429
        clock.shift(REMEMBERED_FOR)
        assert ask("login").status_code == 401
    with rated(login="1/minute"):
        assert [ask("login").status_code for _ in range(2)] == [401, 429]
    assert ask("login").status_code == 401  # another rate is in force


def test_bf_16_a_neighbour_in_the_network_of_one_host_is_the_same(house: None) -> None:
    with rated(login="1/hour"), configured(MIDDLEWARE=[settings.MIDDLEWARE[0], *AT_ONCE]):
        assert [ask("login", address=f"2001:db8::{n}").status_code for n in range(1, 4)] == [401, 429, 429]
        assert ask("login", address="2001:db8:0:1::1").status_code == 401


def test_bf_16_a_cookie_may_be_that_of_a_known_device_and_is_looked_at(house: None, printed: StringIO) -> None:
    with no_place():
        assert [ask("login", {"Cookie": "device=x"}).status_code for _ in range(3)] == [503] * 3
    assert printed.getvalue().count('"event": "request"') == 3


def test_bf_16_who_is_signed_in_has_no_refusal_for_others(api: Api, inbox: Inbox) -> None:
    """A proxy asks for both at one path, and only who is signed in is counted there."""
    api.account(inbox, ADA["email"])
    here = Browser().open("/login/").submit("/login/", name=ADA["email"], password=PASSWORD)
    page = {"Accept": "text/html"}
    with rated(auth_check="1/hour"):
        assert [here.http.get("/auth/check", headers=page).status_code for _ in range(3)] == [200, 429, 429]
        assert Http().get("/auth/check", headers=page).status_code == 302


@pytest.mark.parametrize(
    ("rule", "refused", "other"),
    [
        ("register", {"registration": "x"}, {"phone_number": "+14155550100"}),
        ("register_resend", {"phone_number": "+14155550100"}, {"registration": "x"}),
    ],
)
def test_bf_16_a_path_with_two_rules_is_refused_by_each_apart(
    house: None, rule: str, refused: dict[str, str], other: dict[str, str]
) -> None:
    def start(typed: dict[str, str]) -> int:
        return Http().post("/api/auth/verify-phone/start", typed, "application/json").status_code

    with rated(**{rule: "1/hour"}):
        assert [start(refused) for _ in range(3)][1:] == [429, 429]
        assert start(other) != 429


def test_bf_16_whoever_counts_by_two_rules_says_so() -> None:
    """In the source: a function of the API that admits by one rule or by another."""
    found: dict[tuple[str, int], list[Call]] = {}
    for call in calls():
        if call.within and call.callee == "self.admit" and call.module.startswith("vestibule.web.api"):
            found.setdefault((call.module, call.within.lineno), []).append(call)
    several = [each for each in found.values() if len(each) > 1]
    assert several
    for each in several:
        assert all(call.keyword("rule_varies") for call in each), ast.unparse(each[0].node)
