"""Count a request against the rates: moving windows, in memory for one process, in Redis for many."""

import time

from django.conf import settings
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from vestibule.guards.rules import Rule
from vestibule.kernel.errors import Throttled, Unavailable


def _storage() -> Storage:
    if not settings.REDIS_URL:
        return MemoryStorage()
    return RedisStorage(settings.REDIS_URL, wrap_exceptions=True, key_prefix="vestibule:rate", **settings.REDIS_OPTIONS)


_storage_in_use = _storage()
_limiter = MovingWindowRateLimiter(_storage_in_use)


def hit(rule: Rule, *, network: str, identifier: str = "") -> None:
    """Count one request against every rate of the rule.

    Raises Throttled with the time to wait, and Unavailable when Redis can't be reached: a rate that can't be
    counted does not vanish (docs/decisions/0003).
    """
    for rate, key in _rates(rule, network, identifier):
        try:
            if _limiter.hit(rate, rule.name, key):
                continue
            reset_at, _ = _limiter.get_window_stats(rate, rule.name, key)
        except StorageError as error:
            raise Unavailable from error
        wait = max(1, int(reset_at - time.time()) + 1)
        raise Throttled(retry_after=wait, limit=rate.amount, window=rate.get_expiry())


def worn(rule: Rule, *, network: str) -> bool:
    """Whether the network has used up more than half of any rate of the rule. Counts nothing. Raises Unavailable."""
    try:
        return any(
            _limiter.get_window_stats(rate, rule.name, f"network {network}").remaining * 2 < rate.amount
            for rate in settings.RATES[rule.name].per_network
        )
    except StorageError as error:
        raise Unavailable from error


def forget() -> None:
    """Start every count anew (for tests)."""
    _storage_in_use.reset()


def _rates(rule: Rule, network: str, identifier: str) -> list[tuple[RateLimitItem, str]]:
    rates = settings.RATES[rule.name]
    return [
        *((rate, f"network {network}") for rate in rates.per_network),
        *((rate, f"identifier {identifier}") for rate in rates.per_identifier if identifier),
        *((rate, "overall") for rate in rates.overall),
    ]
