"""Is it alive, and can it work?"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from mmap import mmap
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from vestibule.challenges.configured_engine import challenges
from vestibule.kernel import entropy
from vestibule.kernel.cached import Cached
from vestibule.service.celery import app as celery
from vestibule.service.ops.migrations import NotMigrated, require_migrated
from vestibule.storage import redis_client

OK, FAILED, NOT_MIGRATED = "ok", "failed", "not migrated"
CHECK_TIMEOUT = 3  # seconds

log = structlog.get_logger("vestibule.health")
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")  # two looks: one may still hang
_draining = mmap(-1, 1)  # shared with the processes that are forked later


def stop_being_ready() -> None:
    """From now on not ready, in this process and its children: whoever balances sends no more here."""
    _draining[0] = 1


@require_safe
def report_liveness(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; looks at nothing else, so that a dead database restarts no web process."""
    return JsonResponse({"status": "alive"})


@require_safe
def report_readiness(request: HttpRequest) -> JsonResponse:
    """200 while every dependency answers, 503 otherwise, each by name; 503 also while the server is being stopped.

    Anybody may ask: the dependencies are looked at once a second, however often that is."""
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
    """All dependencies at once, and none for longer than PATIENCE: the balancer that asks has a time-out."""
    asked = {name: _pool.submit(_check_dependency, name, check) for name, check in _CHECKS.items()}
    wait(asked.values(), timeout=CHECK_TIMEOUT)
    return {name: answer.result() if answer.done() else FAILED for name, answer in asked.items()}


def _check_dependency(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except NotMigrated:
        log.warning("dependency.down", dependency=name, error=NOT_MIGRATED)
        return NOT_MIGRATED
    except Exception as error:  # noqa: BLE001 - whatever it raises, the dependency does not answer
        log.warning("dependency.down", dependency=name, error=type(error).__name__)
        return FAILED
    finally:
        connection.close()  # of this thread
    return OK


def _check_database_writable() -> None:
    """A write that changes no row: a standby, a read-only disk and tables that are not there refuse it."""
    require_migrated()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vestibule_audit_day_tally SET count = count WHERE 1 = 0")


def _check_challenge_store() -> None:
    challenges.store.get(entropy.random_uuid())


def _check_rate_counters() -> None:
    """A write: a Redis that is full, or a replica, answers PING."""
    if settings.REDIS_URL:
        client = redis_client.open_connection(settings.REDIS_URL, **settings.REDIS_OPTIONS)
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
# A look opens connections, and lasts for seconds while a dependency hangs: the others hear what was seen before.
_dependency_states = Cached(_check_dependencies, keep_for=1, stale_for=5)
