"""The counters of rates, over memory in the embedded run and over Redis in the production run."""

from collections.abc import Iterator

import pytest
import redis
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from time_machine import Traveller, travel

from tests.configured import configured, rated
from tests.contracts.stores import at_once
from tests.environment import PRODUCTION
from tests.servers import free_port
from vestibule.conf import conf
from vestibule.kernel.errors import Throttled, Unavailable
from vestibule.limits import rate_counters
from vestibule.limits.rules import DEFAULT_RATES, SMS_COST_CAPS, Rule
from vestibule.storage import redis_client

RULE = Rule(name="tried")
OTHER = Rule(name="other")
PLACE, ELSEWHERE = "192.0.2.1", "2001:db8::/64"

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with travel("2026-03-01T12:00:00Z", tick=False) as travelled:
        yield travelled


def rates(network: str = "", identifier: str = "", overall: str = "") -> configured:
    """The rates of both rules, for as long as it is held."""
    words = {"": network, "_per_identifier": identifier, "_overall": overall}
    return rated(**{f"{rule.name}{which}": rate for rule in (RULE, OTHER) for which, rate in words.items()})


def admitted(rule: Rule = RULE, *, network: str = PLACE, identifier: str = "") -> bool:
    """Whether one more request is let in."""
    try:
        rate_counters.count_request(rule, network=network)
    except Throttled:
        return False
    return not identifier or rate_counters.try_count_identifier(rule, identifier=identifier)


def test_a_limit_holds_for_each_network_and_each_rule(clock: Traveller) -> None:
    with rates(network="3/minute"):
        assert [admitted() for _ in range(5)] == [True, True, True, False, False]
        assert admitted(network=ELSEWHERE)
        assert admitted(OTHER)


def test_the_window_rolls(clock: Traveller) -> None:
    with rates(network="2/minute"):
        assert admitted()
        clock.shift(40)
        assert admitted()
        assert not admitted()
        clock.shift(21)
        assert admitted()  # the first has left the window, the second has not
        assert not admitted()
        clock.shift(40)
        assert admitted()


def test_a_refusal_says_which_rate_and_how_long(clock: Traveller) -> None:
    with rates(network="2/minute;3/hour"):
        assert admitted()
        assert admitted()
        clock.shift(15)
        with pytest.raises(Throttled) as short:
            rate_counters.count_request(RULE, network=PLACE)
        assert (short.value.limit, short.value.window) == (2, 60)
        assert short.value.retry_after in (45, 46)
        clock.shift(46)
        assert admitted()
        with pytest.raises(Throttled) as long:
            rate_counters.count_request(RULE, network=PLACE)
        assert (long.value.limit, long.value.window) == (3, 3600)


def test_the_told_wait_is_long_enough(clock: Traveller) -> None:
    with rates(network="1/minute"):
        clock.shift(0.4)
        assert admitted()
        with pytest.raises(Throttled) as refused:
            rate_counters.count_request(RULE, network=PLACE)
        assert refused.value.retry_after is not None
        clock.shift(refused.value.retry_after)
        assert admitted()


def test_an_identifier_is_counted_wherever_it_is_typed(clock: Traveller) -> None:
    with rates(identifier="2/minute"):
        assert admitted(identifier="aa")
        assert admitted(network=ELSEWHERE, identifier="aa")
        assert not admitted(network="198.51.100.7", identifier="aa")
        assert admitted(identifier="bb")
        assert all(admitted() for _ in range(5))  # nothing was typed, so nothing is counted


def test_overall_counts_everybody(clock: Traveller) -> None:
    with rates(overall="3/minute"):
        assert [admitted(network=f"192.0.2.{n}", identifier=f"{n}") for n in range(4)] == [True, True, True, False]
        assert admitted(OTHER)


def test_a_network_and_an_identifier_of_one_spelling_are_two_counts(clock: Traveller) -> None:
    with rates(network="1/minute", identifier="1/minute"):
        assert admitted(network="same", identifier="other")
        assert admitted(network="other", identifier="same")


@pytest.mark.parametrize("odd", ["*", "a b", "a/b", "{x}", "\r\nFLUSHALL\r\n", pytest.param("x" * 100_000, id="long")])
def test_no_identifier_splits_or_shares_a_key(clock: Traveller, odd: str) -> None:
    """INP-10."""
    with rates(identifier="1/minute"):
        assert admitted(identifier=odd)
        assert not admitted(identifier=odd)
        assert admitted(identifier="plain")


def test_an_empty_rate_is_none(clock: Traveller) -> None:
    with rates():
        assert all(admitted(identifier="aa") for _ in range(20))


def test_of_many_at_once_exactly_the_limit_is_admitted() -> None:
    with rates(network="7/hour"):
        assert sum(at_once(lambda _: admitted())) == 7


def test_every_rule_has_its_rates() -> None:
    assert set(conf.rates) == DEFAULT_RATES.keys() - {cap.name for cap in SMS_COST_CAPS}  # RATE_LIMITS=off


def test_forgetting_starts_anew(clock: Traveller) -> None:
    with rates(network="1/minute"):
        assert admitted()
        assert not admitted()
        rate_counters.reset_rate_counters()
        assert admitted()


@pytest.mark.skipif(not PRODUCTION, reason="needs Redis")
def test_the_counts_live_in_redis_under_our_prefix() -> None:
    with rates(network="1/minute"):
        assert admitted()
    keys = [bytes(key) for key in redis.Redis.from_url(conf.redis_url).scan_iter("vestibule:rate*")]
    assert any(PLACE.encode() in key for key in keys)


def test_an_unreachable_redis_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-02."""
    nobody = RedisStorage(f"redis://127.0.0.1:{free_port()}", wrap_exceptions=True, **redis_client.TIMEOUTS)
    monkeypatch.setattr(rate_counters, "_limiter", MovingWindowRateLimiter(nobody))
    with rates(network="1/minute"), pytest.raises(Unavailable) as refused:
        rate_counters.count_request(RULE, network=PLACE)
    assert refused.value.retry_after == 5
