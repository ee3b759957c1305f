"""Liveness and readiness."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from mmap import mmap
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from vestibule.challenges.configured_engine import challenges
from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.kernel.cached import Cached
from vestibule.service.celery import app as celery
from vestibule.service.ops.migrations import NotMigrated, require_migrated
from vestibule.storage import database, redis_client

OK, FAILED, NOT_MIGRATED = "ok", "failed", "not migrated"
CHECK_TIMEOUT = 3  # seconds

log = structlog.get_logger("vestibule.health")
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")  # for two rounds, since one may still hang
_draining = mmap(-1, 1)  # memory shared with the processes that are forked later


def stop_being_ready() -> None:
    """Report not ready from now on, in this process and its children, so that the load balancer sends no more
    requests."""
    _draining[0] = 1


@require_safe
def report_liveness(request: HttpRequest) -> JsonResponse:
    """200 while the process answers. It checks nothing else, so that a dead database restarts no web process."""
    return JsonResponse({"status": "alive"})


@require_safe
def report_readiness(request: HttpRequest) -> JsonResponse:
    """200 while every dependency answers, else 503, with the state of each; 503 also while the server is stopping.

    Anybody may ask, because the dependencies are checked at most once a second.
    """
    if _draining[0]:
        return JsonResponse({"status": "leaving", "checks": {}}, status=503)
    checks = _dependency_states.get()
    fine = set(checks.values()) == {OK}
    return JsonResponse(
        {
            "status": "ready" if fine else "unavailable",
            "checks": dict(checks),
        },
        status=200 if fine else 503,
    )


def _check_dependencies() -> Mapping[str, str]:
    """Check all dependencies at once, each for at most CHECK_TIMEOUT, because the load balancer that asks has a
    time-out."""
    asked = {name: _pool.submit(_check_dependency, name, check) for name, check in _CHECKS.items()}
    wait(asked.values(), timeout=CHECK_TIMEOUT)
    return {name: answer.result() if answer.done() else FAILED for name, answer in asked.items()}


def _check_dependency(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except NotMigrated:
        log.warning("dependency.down", dependency=name, error=NOT_MIGRATED)
        return NOT_MIGRATED
    except Exception as error:  # noqa: BLE001 - any exception means that the dependency does not answer
        log.warning("dependency.down", dependency=name, error=type(error).__name__)
        return FAILED
    finally:
        database.connection().close()  # this thread's connection, which nothing else closes
    return OK


def _check_database_writable() -> None:
    """Write without changing a row. A standby, a read-only disk and missing tables refuse it."""
    require_migrated()
    with database.connection().cursor() as cursor:
        cursor.execute("UPDATE vestibule_audit_day_tally SET count = count WHERE 1 = 0")


def _check_challenge_store() -> None:
    challenges.store.get(entropy.random_uuid())


def _check_rate_counters() -> None:
    """Write a key: a Redis that is full, or a replica, would still answer PING."""
    if conf.redis_url:
        client = redis_client.open_connection(conf.redis_url)
        client.set("vestibule:ready", b"", ex=10)
        client.close()


def _check_broker_writable() -> None:
    if settings.CELERY_BROKER_URL:
        with celery.connection_for_write() as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
            if broker.transport.driver_type == "redis":
                channel: Any = broker.default_channel
                channel.client.set("vestibule:ready", b"", ex=10)


_CHECKS: dict[str, Callable[[], object]] = {
    "database": _check_database_writable,
    "store": _check_challenge_store,
    "counters": _check_rate_counters,
    "broker": _check_broker_writable,
}
# A check opens connections and takes seconds while a dependency hangs: meanwhile others get the last result.
_dependency_states = Cached(_check_dependencies, keep_for=1, stale_for=5)
