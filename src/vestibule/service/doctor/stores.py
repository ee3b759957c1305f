"""Checks of Redis (it answers, evicts nothing, survives a restart, its clock is right) and of the pictures' storage."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from vestibule.conf import conf
from vestibule.service.doctor.check import (
    Check,
    DoctorRun,
    Observation,
    report_error,
    report_fine,
    report_skipped,
    report_warning,
)
from vestibule.service.doctor.clock import compare_clocks
from vestibule.storage import database, redis_client
from vestibule.storage.lazy_import import import_when_used

if TYPE_CHECKING:
    import redis
else:
    redis = import_when_used("redis")

NO_REDIS = "no Redis: one process counts by itself"


def check_redis_answers(_: DoctorRun) -> Iterator[Observation]:
    """Ask Redis for its version."""
    if conf.redis_url:
        yield report_fine(f"Redis {_redis_info('server')['redis_version']} answers")
    else:
        yield report_fine(NO_REDIS)


def check_redis_eviction(_: DoctorRun) -> Iterator[Observation]:
    """Check that a full Redis refuses writes. If it evicts, it loses challenges, counts and tasks."""
    if not conf.redis_url:
        yield report_fine(NO_REDIS)
        return
    policy = _redis_info("memory").get("maxmemory_policy", "unknown")
    if policy == "noeviction":
        yield report_fine("noeviction")
    else:
        yield report_error(f"maxmemory-policy is {policy}: when memory is short it throws away codes and counts")


def check_redis_persistence(_: DoctorRun) -> Iterator[Observation]:
    """Check that waiting sign-ups survive a restart of Redis."""
    if not conf.redis_url:
        yield report_fine(NO_REDIS)
    elif conf.challenge_store != "redis":
        yield report_fine("challenges are kept in the database")
    elif _redis_info("persistence").get("aof_enabled"):
        yield report_fine("appendonly")
    else:
        yield _check_redis_snapshots()


def check_redis_clock(_: DoctorRun) -> Iterator[Observation]:
    """Compare the clock of Redis with ours."""
    if not conf.redis_url:
        yield report_fine(NO_REDIS)
        return
    before = timezone.now()
    seconds, micros = _connect_to_redis().time()
    yield compare_clocks("Redis", datetime.fromtimestamp(seconds + micros / 1e6, UTC), before, timezone.now())


def check_picture_storage(_: DoctorRun) -> Iterator[Observation]:
    """Check that every machine sees the pictures."""
    if settings.S3_BUCKET:
        yield report_fine("in a bucket")
    elif (machines := _count_machines()) > 1:
        yield report_warning(
            f"pictures lie on this disk, and {machines} machines use the database: the others lack them"
        )
    else:
        yield report_fine("on this disk; no other machine is seen")


def _check_redis_snapshots() -> Observation:
    try:
        saves = _connect_to_redis().config_get("save").get("save")
    except redis.ResponseError:  # a managed Redis may forbid CONFIG
        return report_skipped("appendonly is off, and this Redis does not tell whether it saves snapshots")
    if saves:
        return report_fine(f"snapshots (save {saves})")
    return report_warning("neither appendonly nor save: a restart forgets the sign-ups that wait")


def _count_machines() -> int:
    """Return how many machines are connected to our database, by their addresses."""
    connection = database.connection()
    if connection.vendor != "postgresql":
        return 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT coalesce(host(client_addr), '127.0.0.1')) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND backend_type = 'client backend'"
        )
        [count] = cursor.fetchone() or [1]
    return int(count)


def _redis_info(section: str) -> dict[str, Any]:
    return dict(_connect_to_redis().info(section))


def _connect_to_redis() -> "redis.Redis":
    return redis_client.open_connection(conf.redis_url)


CHECKS = (
    Check(
        id="redis",
        looks_at="whether Redis answers",
        remedy="Start Redis and set REDIS_URL=redis://:password@host:6379/0.",
        run=check_redis_answers,
    ),
    Check(
        id="redis-eviction",
        looks_at="whether Redis evicts keys (maxmemory-policy)",
        remedy="Set `maxmemory-policy noeviction`; give caches a Redis of their own.",
        run=check_redis_eviction,
        needs="redis",
    ),
    Check(
        id="redis-persistence",
        looks_at="whether Redis survives a restart (appendonly, save)",
        remedy="Set `appendonly yes`, or CHALLENGE_STORE=database.",
        run=check_redis_persistence,
        needs="redis",
    ),
    Check(
        id="clock-redis",
        looks_at="Redis's clock against ours (2 s)",
        remedy="Run an NTP client (chrony, systemd-timesyncd) on every machine.",
        run=check_redis_clock,
        needs="redis",
    ),
    Check(
        id="pictures",
        looks_at="whether pictures lie where every machine sees them",
        remedy="Set S3_BUCKET, or run one machine.",
        run=check_picture_storage,
        needs="database",
    ),
)
