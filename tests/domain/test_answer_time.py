"""The CPU time of what no rate counts, shared among networks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestibule.limits import answer_time
from vestibule.limits.answer_time import AnswerTime

PARTIES = st.sampled_from("abcdefgh")


class Clock:
    """The second that it is."""

    def __init__(self) -> None:
        self.now = 7.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """One that stands."""
    standing = Clock()
    monkeypatch.setattr(answer_time, "monotonic", standing)
    return standing


def shared() -> AnswerTime:
    """A second of CPU for each second, for which somebody else asks as well."""
    shares = AnswerTime(1.0, 0.05)
    shares.note_request("somebody")
    return shares


def charged(shares: AnswerTime, party: str, cost: float = 0.01) -> int:
    """How many answers a party gets that asks without end."""
    number = 0
    while shares.charge(party, [party], cost):
        number += 1
    return number


def test_one_alone_has_half_and_who_comes_later_still_finds_some() -> None:
    shares = shared()
    assert charged(shares, "a") == 50
    assert [charged(shares, party) for party in "bcd"] == [25, 13, 6]
    assert charged(shares, "new") == 5


def test_a_crowd_that_asks_for_little_each_is_no_flood() -> None:
    shares = shared()
    for number in range(200):
        party = f"one of many {number}"
        assert all(shares.charge(party, [party], 0.01) for _ in range(5)), number
    assert not shares.charge("one of many 199", ["one of many 199"], 0.01)


def test_what_costs_little_comes_more_often() -> None:
    assert charged(shared(), "a", cost=0.001) == 500


def test_each_second_has_its_own(clock: Clock) -> None:
    shares = shared()
    charged(shares, "a")
    clock.now = 7.9
    assert not shares.charge("a", ["a"], 0.01)
    clock.now = 8.0
    assert charged(shares, "a") == 50


def test_a_network_counts_for_its_customer_too() -> None:
    shares = shared()
    while shares.charge("a", ["network 1", "customer"], 0.01):
        pass
    assert not shares.charge("b", ["network 2", "customer"], 0.01)
    assert shares.charge("c", ["network 3", "another customer"], 0.01)


def test_who_is_alone_shares_with_nobody(clock: Clock) -> None:
    shares = AnswerTime(1.0, 0.05)
    assert all(shares.charge("a", ["a"], 0.01) for _ in range(1000))
    shares.note_request("b")
    assert not shares.charge("a", ["a"], 0.01)
    clock.now = 8.5  # b asked a second ago
    assert charged(shares, "a") == 50
    clock.now = 9.5
    assert all(shares.charge("a", ["a"], 0.01) for _ in range(1000))
    clock.now = 20.0
    shares.note_request("b")
    clock.now = 22.0  # b asked two seconds ago
    assert all(shares.charge("a", ["a"], 0.01) for _ in range(1000))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asks=st.lists(st.tuples(PARTIES, st.floats(0.0, 0.1)), max_size=200))
def test_no_second_has_more_than_its_allowance_and_the_least_shares(asks: list[tuple[str, float]]) -> None:
    shares, had = shared(), 0.0
    for party, cost in asks:
        had += cost if shares.charge(party, [party], cost) else 0
    assert had <= 1.1 + len({party for party, _ in asks}) * 0.15  # the least share, and one answer beyond it
