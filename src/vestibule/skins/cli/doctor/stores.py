"""Redis: it answers, it evicts nothing, it survives a restart, its clock is right; and where pictures lie."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from vestibule import redis_client
from vestibule.boot import when_used
from vestibule.skins.cli.doctor.check import Check, Round, Seen, error, fine, skipped, warning
from vestibule.skins.cli.doctor.clock import compared

if TYPE_CHECKING:
    import redis
else:
    redis = when_used("redis")

NONE = "no Redis: one process counts by itself"


def reachable(_: Round) -> Iterator[Seen]:
    """PING."""
    if settings.REDIS_URL:
        yield fine(f"Redis {_info('server')['redis_version']} answers")
    else:
        yield fine(NONE)


def eviction(_: Round) -> Iterator[Seen]:
    """A Redis that is full must say so: what it evicts is a challenge, a count of guesses, a task."""
    if not settings.REDIS_URL:
        yield fine(NONE)
        return
    policy = _info("memory").get("maxmemory_policy", "unknown")
    if policy == "noeviction":
        yield fine("noeviction")
    else:
        yield error(f"maxmemory-policy is {policy}: when memory is short it throws away codes and counts")


def persistence(_: Round) -> Iterator[Seen]:
    """A restart keeps the sign-ups that wait."""
    if not settings.REDIS_URL:
        yield fine(NONE)
    elif settings.CHALLENGE_STORE != "redis":
        yield fine("challenges are kept in the database")
    elif _info("persistence").get("aof_enabled"):
        yield fine("appendonly")
    else:
        yield _snapshots()


def clock(_: Round) -> Iterator[Seen]:
    """Redis's clock beside ours."""
    if not settings.REDIS_URL:
        yield fine(NONE)
        return
    before = timezone.now()
    seconds, micros = _redis().time()
    yield compared("Redis", datetime.fromtimestamp(seconds + micros / 1e6, UTC), before, timezone.now())


def pictures(_: Round) -> Iterator[Seen]:
    """On the disk of one machine, other machines do not see them."""
    if settings.S3_BUCKET:
        yield fine("in a bucket")
    elif (machines := _machines()) > 1:
        yield warning(f"pictures lie on this disk, and {machines} machines use the database: the others lack them")
    else:
        yield fine("on this disk; no other machine is seen")


def _snapshots() -> Seen:
    try:
        saves = _redis().config_get("save").get("save")
    except redis.ResponseError:  # a managed Redis lets nobody ask
        return skipped("appendonly is off, and this Redis does not tell whether it saves snapshots")
    if saves:
        return fine(f"snapshots (save {saves})")
    return warning("neither appendonly nor save: a restart forgets the sign-ups that wait")


def _machines() -> int:
    """How many machines are connected to our database: by their addresses, as it sees them."""
    if connection.vendor != "postgresql":
        return 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT coalesce(host(client_addr), '127.0.0.1')) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND backend_type = 'client backend'"
        )
        [count] = cursor.fetchone() or [1]
    return int(count)


def _info(section: str) -> dict[str, Any]:
    return dict(_redis().info(section))


def _redis() -> "redis.Redis":
    return redis_client.connect(settings.REDIS_URL, **settings.REDIS_OPTIONS)


CHECKS = (
    Check(
        id="redis",
        looks_at="whether Redis answers",
        remedy="Start Redis and set REDIS_URL=redis://:password@host:6379/0.",
        look=reachable,
    ),
    Check(
        id="redis-eviction",
        looks_at="whether Redis evicts keys (maxmemory-policy)",
        remedy="Set `maxmemory-policy noeviction`; give caches a Redis of their own.",
        look=eviction,
        needs="redis",
    ),
    Check(
        id="redis-persistence",
        looks_at="whether Redis survives a restart (appendonly, save)",
        remedy="Set `appendonly yes`, or CHALLENGE_STORE=database.",
        look=persistence,
        needs="redis",
    ),
    Check(
        id="clock-redis",
        looks_at="Redis's clock against ours (2 s)",
        remedy="Run an NTP client (chrony, systemd-timesyncd) on every machine.",
        look=clock,
        needs="redis",
    ),
    Check(
        id="pictures",
        looks_at="whether pictures lie where every machine sees them",
        remedy="Set S3_BUCKET, or run one machine.",
        look=pictures,
        needs="database",
    ),
)
