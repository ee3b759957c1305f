"""BF: from where it is guessed. A network is counted by the address that we see ourselves; and a place that an account
knows is that account's alone, also where two share a network (M30)."""

from collections.abc import Callable, Iterator

import pytest
from time_machine import travel

from tests.configured import rated
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.audit.models import AuditEvent

Attempt = Callable[..., int]


@pytest.fixture(params=["api", "page"])
def attempt(request: pytest.FixtureRequest, house: None) -> Iterator[Attempt]:
    """A sign-in that fails, at either door, as somebody else each time; its status. Ten a minute from one network."""

    def act(number: int, peer: str = "127.0.0.1", **headers: str) -> int:
        http, name = Http(REMOTE_ADDR=peer), f"p{number}@example.com"
        if request.param == "page":
            return http.post("/login/", {"name": name, "password": PASSWORD}, headers=headers).status_code
        typed = {"email": name, "password": PASSWORD}
        answer = http.post("/api/auth/login", typed, content_type="application/json", headers=headers)
        return answer.status_code

    with rated(login="10/minute"):
        yield act


def told(answers: list[int]) -> bool:
    """Ten were answered, and the eleventh had to wait."""
    return answers == [401] * 10 + [429]


def test_bf_03_the_rate_of_a_network(attempt: Attempt) -> None:
    """Spraying many accounts from one network."""
    assert told([attempt(n) for n in range(11)])
    assert attempt(11, peer="192.0.2.7") == 401


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"]
)
def test_bf_08_a_stranger_cannot_choose_an_address(attempt: Attempt, header: str) -> None:
    """LOG-13."""
    assert told([attempt(n, **{header: f"198.51.100.{n}"}) for n in range(11)])
    assert {event.address for event in AuditEvent.objects.all()} == {"127.0.0.1"}


def test_bf_08_behind_a_trusted_proxy_the_last_untrusted_hop_counts(attempt: Attempt) -> None:
    """LOG-13."""

    def hop(number: int, said: str) -> int:
        return attempt(number, peer="10.0.0.1", **{"X-Forwarded-For": said})

    assert told([hop(n, f"6.6.6.{n}, 198.51.100.7, 10.0.0.9") for n in range(11)])
    assert hop(11, "198.51.100.8") == 401
    assert {event.address for event in AuditEvent.objects.all()} == {"198.51.100.7", "198.51.100.8"}
    assert hop(12, "::ffff:198.51.100.7") == 429  # the same address, written for IPv6


def test_bf_08_an_ipv6_host_is_its_64(attempt: Attempt) -> None:
    def hop(number: int, said: str) -> int:
        return attempt(number, peer="10.0.0.1", **{"X-Forwarded-For": said})

    assert told([hop(n, f"2001:db8::{n}") for n in range(11)])
    assert hop(11, "2001:db8:0:1::1") == 401


def test_bf_11_wrong_passwords_next_door_close_nobody_elses_place(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        for email in ("ada@example.com", "bob@example.com"):
            api.account(inbox, email)
        for _ in range(21):
            clock.shift(7)
            last = api.login("ada@example.com", "not this password")
        assert last.code == "locked"  # her own place, and she would wait herself
        assert api.login("bob@example.com").status == 200
