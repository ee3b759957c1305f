"""Counting of requests against the rates: moving windows, in memory for one process, in Redis for several."""

import time
from collections.abc import Sequence
from typing import Any, cast

from django.utils.functional import SimpleLazyObject
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisClusterStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from vestibule.conf import conf
from vestibule.kernel.cached import Cached
from vestibule.kernel.errors import Throttled, Unavailable
from vestibule.limits import rates
from vestibule.limits.rules import Rule
from vestibule.storage import redis_client


def open_redis_storage(url: str, **options: Any) -> Storage:
    """Return the storage for several processes. Each count is one key, so that it works in a cluster."""
    client = redis_client.open_connection(url, **options)
    kept: dict[str, Any] = {"wrap_exceptions": True, "key_prefix": "vestibule:rate"}
    if redis_client.is_cluster_url(url):
        return _ClusterStorage(client, **kept)
    return RedisStorage("redis://", connection_pool=client.connection_pool, **kept)


class _ClusterStorage(RedisClusterStorage):
    """Uses our client. The one that `limits` makes supports no TLS in its URLs."""

    def __init__(self, client: Any, *, wrap_exceptions: bool, key_prefix: str) -> None:
        Storage.__init__(self, wrap_exceptions=wrap_exceptions)
        self.key_prefix, self.target_server, self.storage = key_prefix, "redis", client
        self.dependency = self.dependencies["redis"].module
        self.initialize_storage("")


def _open_limiter() -> MovingWindowRateLimiter:
    if conf.redis_url:
        return MovingWindowRateLimiter(open_redis_storage(conf.redis_url))
    return MovingWindowRateLimiter(MemoryStorage())


_limiter = cast(MovingWindowRateLimiter, SimpleLazyObject(Cached(_open_limiter).get))


def count_request(rule: Rule, *, network: str, relaxed: bool = False) -> None:
    """Count one request against the rule's rates per network, `relaxed` for a developer, and overall.

    Raises:
        Throttled: a rate is used up; it carries the time to wait.
        Unavailable: Redis cannot be reached. A rate that cannot be counted still protects (docs/decisions/0003).
    """
    _count_against_rates(rule, rates.rates_per_network(rule, relaxed=relaxed), f"network {network}")
    _count_against_rates(rule, rates.rates_overall(rule), "overall")


def renew_refusal(refusal: Throttled, rule: Rule, now: float, *, relaxed: bool = False) -> Throttled | None:
    """Return a refusal of `count_request` as it stands at `now` (seconds since the epoch), without asking the counts:
    in a moving window a used up rate stays so until it resets. None if it has room again or is not in force."""
    in_force = (*rates.rates_per_network(rule, relaxed=relaxed), *rates.rates_overall(rule))
    found = [rate for rate in in_force if (rate.amount, rate.get_expiry()) == (refusal.limit, refusal.window)]
    if not found or refusal.resets_at is None or refusal.resets_at <= now:
        return None
    return _build_refusal(found[0], refusal.resets_at, now)


def count_identifier(rule: Rule, *, identifier: str, relaxed: bool = False) -> None:
    """Count one request against the rule's rates per identifier.

    Raises:
        Throttled: a rate is used up.
        Unavailable: Redis cannot be reached.
    """
    _count_against_rates(rule, rates.rates_per_identifier(rule, relaxed=relaxed), f"identifier {identifier}")


def try_count_identifier(rule: Rule, *, identifier: str, relaxed: bool = False) -> bool:
    """Count one request against the rule's rates per identifier, and return whether it fits.

    Raises:
        Unavailable: Redis cannot be reached.
    """
    try:
        count_identifier(rule, identifier=identifier, relaxed=relaxed)
    except Throttled:
        return False
    return True


def is_half_used(rule: Rule, *, network: str, relaxed: bool = False) -> bool:
    """Return whether the network has used more than half of any rate of the rule. Counts nothing.

    Raises:
        Unavailable: Redis cannot be reached.
    """
    try:
        return any(
            _limiter.get_window_stats(rate, rule.name, f"network {network}").remaining * 2 < rate.amount
            for rate in rates.rates_per_network(rule, relaxed=relaxed)
        )
    except (StorageError, *redis_client.unreachable_errors()) as error:
        raise Unavailable from error


def reset_rate_counters() -> None:
    """Reset every count (for tests)."""
    _limiter.storage.reset()


def _count_against_rates(rule: Rule, each: Sequence[RateLimitItem], key: str) -> None:
    for rate in each:
        try:
            if _limiter.hit(rate, rule.name, key):
                continue
            reset_at, _ = _limiter.get_window_stats(rate, rule.name, key)
        except (StorageError, *redis_client.unreachable_errors()) as error:
            raise Unavailable from error
        raise _build_refusal(rate, reset_at, time.time())


def _build_refusal(rate: RateLimitItem, resets_at: float, now: float) -> Throttled:
    wait = max(1, int(resets_at - now) + 1)
    refusal = Throttled(retry_after=wait, limit=rate.amount, window=rate.get_expiry())
    refusal.resets_at = resets_at
    return refusal
