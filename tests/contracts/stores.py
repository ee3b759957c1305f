"""What the suites over a challenge store share: the stores of this run, a record, and many callers at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import connections

from tests.contracts.redises import cluster
from tests.environment import PRODUCTION
from vestibule.challenges.models import StoredChallenge
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge, State, Store
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.conf import conf
from vestibule.storage import redis_client

T = TypeVar("T")

KINDS = ("database", "redis") if PRODUCTION else ("database",)
ALL_KINDS = (*KINDS, "cluster") if PRODUCTION else KINDS  # for the contract itself
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)
SECOND = timedelta(seconds=1)


def opened(kind: str) -> Store:
    """The store of that kind, as `challenges.configured_engine` opens it."""
    if kind == "redis":
        return RedisStore(redis_client.open_connection(conf.redis_url, **redis_client.TIMEOUTS), prefix="contract")
    if kind == "cluster":
        client = redis_client.open_connection(cluster(), **redis_client.TIMEOUTS)
        return RedisStore(client, prefix=f"contract {uuid4()}")
    return DatabaseStore()


def challenge(**fields: Any) -> Challenge:
    """A fresh record, with any field another way."""
    fresh: dict[str, Any] = {
        "id": uuid4(),
        "purpose": Purpose.REGISTRATION,
        "subject": bytes(range(32)),
        "digests": b"\x00\xff" * 16,
        "sealed_payload": bytes(range(256)),
        "sent_at": NOW,
        "expires_at": SOON,
    }
    return Challenge(**{**fresh, **fields})


def kept(store: Store, id: UUID) -> Challenge:
    """The record, which must be there."""
    found = store.get(id)
    assert found is not None
    return found


def added(store: Store, **fields: Any) -> Challenge:
    """A record that the store holds."""
    record = challenge(**fields)
    store.add(record)
    return kept(store, record.id)


def at_once(act: Callable[[int], T], times: int = 32) -> list[T]:
    """Call it in so many threads that start together; what each returned."""
    together = Barrier(times)

    def one(number: int) -> T:
        together.wait(timeout=30)
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=times) as pool:
        return list(pool.map(one, range(times)))


def unsettle(store: Store, id: UUID) -> None:
    """As if the word that its work was committed had never come: the process ended before."""
    if isinstance(store, RedisStore):
        store._redis.hset(store._record_key(id), "state", State.WAITING.value)
    else:
        StoredChallenge.objects.filter(pk=id).update(state=State.WAITING)
