"""Many callers at one challenge store at once, and what only one of the stores promises."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
import redis
from django.db.transaction import atomic
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.contracts.stores import ALL_KINDS, NOW, SECOND, SOON, added, at_once, challenge, kept, opened
from tests.environment import PRODUCTION
from tests.interleaving import interleaved, transaction
from tests.servers import free_port
from vestibule.challenges.store import Challenge, State, Store
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import KEPT_AFTER_EXPIRY, RedisStore
from vestibule.kernel.errors import Unavailable

pytestmark = pytest.mark.stores

LIMIT = 5
UNTIL = NOW + timedelta(seconds=30)


@pytest.fixture(params=ALL_KINDS)
def store(request: pytest.FixtureRequest, house: None) -> Store:
    return opened(request.param)


@pytest.mark.parametrize("times", [16, 32])
def test_of_many_attempts_exactly_the_limit_counts(store: Store, times: int) -> None:
    record = added(store)
    assert sum(at_once(lambda _: store.count_attempt(record.id, limit=LIMIT, now=NOW), times)) == LIMIT
    assert kept(store, record.id).attempts == LIMIT


def test_of_many_claims_exactly_one_holds(store: Store) -> None:
    record, leases = added(store, attempts=32), [uuid4() for _ in range(32)]
    held = at_once(lambda n: store.claim(record, lease=leases[n], now=NOW, until=UNTIL))
    assert sum(held) == 1
    assert kept(store, record.id) == replace(
        record, attempts=31, state=State.CLAIMED, lease=leases[held.index(True)], leased_until=UNTIL
    )


def test_of_many_sends_exactly_one_counts(store: Store) -> None:
    record = added(store)
    sent = at_once(lambda n: store.count_send(record, digests=bytes([n]) * 32, now=NOW, expires_at=SOON))
    assert sum(sent) == 1
    after = kept(store, record.id)
    assert (after.sends, after.digests) == (2, bytes([sent.index(True)]) * 32)


def test_of_many_who_replace_the_payload_exactly_one_does(store: Store) -> None:
    record = added(store)
    done = at_once(lambda n: store.replace_payload(record, sealed_payload=bytes([n]), now=NOW))
    assert sum(done) == 1
    assert kept(store, record.id) == replace(record, sealed_payload=bytes([done.index(True)]))


def test_a_claim_and_a_send_at_once_never_both_hold(store: Store) -> None:
    for _ in range(8):
        record = added(store, attempts=1)
        claimed, sent = at_once(partial(_claim_or_send, store, record), 2)
        assert claimed != sent


# What one of them does alone.


@pytest.mark.usefixtures("house")
def test_the_database_store_counts_durably_or_not_at_all() -> None:
    store = DatabaseStore()
    record = added(store)
    with atomic(), pytest.raises(RuntimeError, match="durable"):
        store.count_attempt(record.id, limit=LIMIT, now=NOW)
    assert kept(store, record.id).attempts == 0


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(("limit", "counted"), [(5, 2), (1, 1)])
def test_the_database_store_counts_what_another_counted_meanwhile(limit: int, counted: int) -> None:
    """RACE-01: in a forced order, for a race is seldom where SQLite has one writer."""
    store = DatabaseStore()
    record = added(store)
    count = partial(store.count_attempt, record.id, limit=limit, now=NOW)
    assert sum(interleaved(count, transaction(after=""), count)) == counted
    assert kept(store, record.id).attempts == counted


@pytest.mark.usefixtures("house")
def test_the_database_store_forgets_at_most_so_many_of_the_long_dead() -> None:
    store = DatabaseStore()
    dead = [added(store, expires_at=NOW - (n + 1) * SECOND) for n in range(3)]
    alive = added(store, expires_at=NOW)
    assert [store.delete_expired(before=NOW, limit=2) for _ in range(3)] == [2, 1, 0]
    assert [store.get(record.id) for record in dead] == [None] * 3
    assert store.get(alive.id) == alive


@pytest.mark.skipif(not PRODUCTION, reason="needs Redis")
def test_redis_keeps_a_record_for_an_hour_past_its_end_by_its_own_clock() -> None:
    store, record = opened("redis"), challenge()
    store.add(record)
    assert isinstance(store, RedisStore)
    longest = (SOON - NOW + KEPT_AFTER_EXPIRY) // timedelta(milliseconds=1)
    left = store._redis.pttl(store._record_key(record.id))
    assert isinstance(left, int)
    assert 0 < left <= longest
    assert store.delete_expired(before=SOON, limit=10) == 0


@pytest.mark.skipif(not PRODUCTION, reason="needs Redis")
def test_an_unreachable_redis_is_unavailable() -> None:
    store = RedisStore(redis.Redis(host="127.0.0.1", port=free_port(), retry=Retry(NoBackoff(), 0)))
    for verb in (
        lambda: store.add(challenge()),
        lambda: store.get(uuid4()),
        lambda: store.count_attempt(uuid4(), limit=1, now=NOW),
        lambda: store.settle(uuid4()),
    ):
        with pytest.raises(Unavailable):
            verb()


def _claim_or_send(store: Store, record: Challenge, number: int) -> bool:
    if number:
        return store.count_send(record, digests=bytes(32), now=NOW, expires_at=SOON)
    return store.claim(record, lease=uuid4(), now=NOW, until=UNTIL)
