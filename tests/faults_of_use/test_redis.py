"""A Redis that answers, and takes nothing: full, a replica, behind a password, with a disk that is full."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.utils.functional import SimpleLazyObject
from limits.strategies import MovingWindowRateLimiter

from tests.configured import configured
from tests.servers import Redis, free_port, until
from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.conf import conf
from vestibule.courier import wake
from vestibule.kernel import cached
from vestibule.limits import rate_counters
from vestibule.service.celery import app
from vestibule.storage import redis_client

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis of our own."""
    server = Redis(tmp_path_factory.mktemp("odd"))
    server.start()
    yield server
    server.stop()


WAKER = "vestibule.service.worker.tasks.send_deliver_task"


@pytest.fixture
def own(server: Redis, house: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Challenges, counts and the broker are in it; the client of its operator, who stays connected."""
    url, options = server.url(), redis_client.TIMEOUTS
    monkeypatch.setattr(rate_counters, "_limiter", SimpleLazyObject(lambda: MovingWindowRateLimiter(counts(url))))
    monkeypatch.setattr(challenges.store, "_wrapped", RedisStore(redis.Redis.from_url(url, **options)))
    monkeypatch.setattr(app.conf, "broker_url", url)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    operator = redis.Redis.from_url(url, single_connection_client=True)
    counted = dict.fromkeys(("login", "register_start", "register_confirm"), "1000/hour")
    wake._redis_connection.cache_clear()
    cached.reset_all()
    with configured(REDIS_URL=url, CELERY_BROKER_URL=url, OUTBOX_WAKER=WAKER, RATES={**conf.rates, **counted}):
        yield operator
    operator.flushall()
    operator.close()
    wake._redis_connection.cache_clear()
    cached.reset_all()


def counts(url: str) -> Any:
    """Where they are kept."""
    return rate_counters.open_redis_storage(url, **redis_client.TIMEOUTS)


@contextmanager
def full(operator: Any) -> Iterator[None]:
    """`maxmemory` is reached: OOM."""
    operator.config_set("maxmemory", 1)
    try:
        yield
    finally:
        operator.config_set("maxmemory", 0)


@contextmanager
def replica(operator: Any) -> Iterator[None]:
    """Another one is the master now, and away: READONLY."""
    operator.replicaof("127.0.0.1", free_port())
    try:
        yield
    finally:
        operator.replicaof("NO", "ONE")


@contextmanager
def locked(operator: Any) -> Iterator[None]:
    """A password that we were not told: NOAUTH."""
    operator.config_set("requirepass", "another")
    operator.client_kill_filter(_type="normal", skipme=True)
    try:
        yield
    finally:
        operator.config_set("requirepass", "")


@contextmanager
def disk_full(operator: Any) -> Iterator[None]:
    """Its snapshots can't be written: MISCONF."""
    folder = operator.config_get("dir")["dir"]
    operator.config_set("save", "3600 1000000")
    operator.config_set("dir", "/proc")
    operator.bgsave()
    try:
        until(lambda: operator.info("persistence")["rdb_last_bgsave_status"] == "err", "a snapshot to fail")
        yield
    finally:
        operator.config_set("dir", folder)
        operator.config_set("save", "")
        operator.bgsave()
        until(lambda: operator.info("persistence")["rdb_last_bgsave_status"] == "ok", "a snapshot")


STATES: list[Callable[[Any], Any]] = [full, replica, locked, disk_full]
states = pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)


@states
def test_fault_33_a_redis_that_takes_nothing_is_503_and_the_code_is_good_afterwards(
    own: Any, door: Door, inbox: Inbox, state: Callable[[Any], Any]
) -> None:
    registration = door.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    with state(own):
        for reply in (door.start(email=BOB, password=PASSWORD), door.confirm(registration, code)):
            assert (reply.status, reply.headers.get("Retry-After")) == (503, "5")
    assert door.confirm(registration, code).status in (201, 303)


@states
def test_fault_33_nor_does_anybody_sign_in_uncounted(
    own: Any, api: Api, inbox: Inbox, state: Callable[[Any], Any]
) -> None:
    api.account(inbox, ADA)
    with state(own):
        reply = api.login(ADA)
        assert (reply.status, reply.code, reply.headers.get("Retry-After")) == (503, "unavailable", "5")
    assert api.login(ADA).status == 200


@states
def test_fault_33_it_is_not_ready_meanwhile(own: Any, state: Callable[[Any], Any]) -> None:
    http = Http(raise_request_exception=False)
    assert http.get("/health/ready").status_code == 200
    with state(own):
        cached.reset_all()
        answer = http.get("/health/ready")
        checks = answer.json()["checks"]
        assert (answer.status_code, checks["counters"], checks["broker"]) == (503, "failed", "failed")
        assert http.get("/health/live").status_code == 200
    cached.reset_all()
    assert http.get("/health/ready").status_code == 200


@states
def test_fault_33_what_was_posted_waits_for_a_worker_that_nobody_can_wake(
    own: Any, api: Api, inbox: Inbox, state: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenges.store, "_wrapped", DatabaseStore())
    with state(own), configured(RATES=dict.fromkeys(conf.rates, "")):
        reply = api.start(email=ADA, password=PASSWORD)
        assert reply.status == 202
        assert api.confirm(reply.registration, inbox.newest(ADA).code).status == 201
