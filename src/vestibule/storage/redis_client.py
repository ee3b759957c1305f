"""Connections to Redis. Only this module reads its URL.

    redis://[user:password@]host:6379/0            one server; `rediss://` with TLS, `unix:///path` for a socket
    redis+sentinel://[…@]host:26379,other/name/0   the master that the sentinels call `name`; `rediss+sentinel://`
    redis+cluster://[…@]host:6379,other            a cluster; `rediss+cluster://`

Options of redis-py stand in the query, as `?ssl_ca_certs=/etc/redis/ca.pem`; `sentinel_password` is the sentinels' own.
"""

from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from vestibule.storage.lazy_import import import_when_used

if TYPE_CHECKING:
    import redis
else:
    redis = import_when_used("redis")


Encodable = bytes | bytearray | memoryview | str | int | float

TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 2}  # seconds


def unreachable_errors() -> "tuple[type[redis.RedisError], type[redis.exceptions.RedisClusterException]]":
    """Return the exceptions of a Redis that cannot be reached or refuses."""
    return redis.RedisError, redis.exceptions.RedisClusterException


class Script:
    """A Lua script over one key, called by its digest, and sent whole to a server that does not know it. redis-py's own
    does more for each call."""

    def __init__(self, connection: "redis.Redis", source: str) -> None:
        self._connection, self._source = connection, source
        self._digest = sha1(source.encode(), usedforsecurity=False).hexdigest()  # as Redis names it

    def __call__(self, key: str, *args: Encodable) -> Any:
        """Run it and return its result.

        Raises:
            RedisError: one of `unreachable_errors`.
        """
        try:
            return self._connection.execute_command("EVALSHA", self._digest, 1, key, *args)  # type: ignore[no-untyped-call]
        except redis.exceptions.NoScriptError:
            return self._connection.execute_command("EVAL", self._source, 1, key, *args)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """The parts of a URL."""

    kind: str  # "", "sentinel" or "cluster"
    tls: bool
    hosts: list[tuple[str, int]]
    path: list[str]
    options: dict[str, Any]
    sentinel_options: dict[str, Any]


def open_connection(url: str, **options: Any) -> "redis.Redis":
    """Return a client that connects at first use; a cluster client asks for the nodes at once. A stale connection is
    reopened, once. Every wait has a time-out (TIMEOUTS, where the options name no other).

    Raises:
        RedisError: one of `unreachable_errors`, if a cluster cannot be reached.
        ValueError: the URL is malformed.
    """
    options = {**TIMEOUTS, **options}
    options.setdefault("retry", redis.retry.Retry(redis.backoff.NoBackoff(), 1))
    if not is_sentinel_or_cluster_url(url):
        return redis.Redis.from_url(url, **options)
    place = parse_redis_url(url)
    if place.kind == "cluster":
        nodes = [redis.cluster.ClusterNode(host, port) for host, port in place.hosts]  # type: ignore[no-untyped-call]
        # Its commands are those of redis.Redis; there is no common type.
        cluster = redis.RedisCluster(startup_nodes=nodes, ssl=place.tls, **{**options, **place.options})
        return cast("redis.Redis", cluster)
    timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
    sentinel: Any = redis.Sentinel(place.hosts, sentinel_kwargs={**timeouts, **place.sentinel_options})  # type: ignore[no-untyped-call]
    name, *database = place.path
    more = {**options, **place.options, "ssl": place.tls, "db": int(database[0]) if database else 0}
    return cast("redis.Redis", sentinel.master_for(name, **more))


def celery_broker_options(url: str) -> dict[str, Any]:
    """Return the URL as Celery's configuration: broker, TLS, transport options. A cluster cannot be a broker
    (`service.checks`). A URL of another kind is passed on unchanged."""
    secure = {"ssl_cert_reqs": "required"}  # kombu's default accepts any certificate
    if url.startswith("rediss://"):
        bare, _, query = url.partition("?")
        return {"broker_url": bare, "broker_use_ssl": secure | dict(parse_qsl(query)), "broker_transport_options": {}}
    if not url.startswith(("redis+sentinel://", "rediss+sentinel://")):
        return {"broker_url": url, "broker_use_ssl": None, "broker_transport_options": {}}
    place = parse_redis_url(url)
    name, *database = place.path
    user, password = place.options.get("username", ""), place.options.get("password", "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if password else ""
    tls = {each: value for each, value in place.options.items() if each.startswith("ssl_")}
    return {
        "broker_url": ";".join(f"sentinel://{login}{host}:{port}/{''.join(database)}" for host, port in place.hosts),
        "broker_use_ssl": secure | tls if place.tls else None,
        "broker_transport_options": {"master_name": name, "sentinel_kwargs": place.sentinel_options},
    }


def is_cluster_url(url: str) -> bool:
    """Return whether the URL names a cluster."""
    return url.startswith(("redis+cluster://", "rediss+cluster://"))


def is_sentinel_or_cluster_url(url: str) -> bool:
    """Return whether the URL is one that redis-py cannot read itself."""
    return "+" in url.partition("://")[0]


def parse_redis_url(url: str) -> RedisAddress:
    """Return the parts of a `+sentinel` or `+cluster` URL.

    Raises:
        ValueError: the URL is malformed.
    """
    parts = urlsplit(url)
    transport, _, kind = parts.scheme.partition("+")
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    sentinel_password = options.pop("sentinel_password", None)
    options |= {name: unquote(word) for name, word in (("username", user), ("password", password)) if word}
    path = [part for part in parts.path.split("/") if part]
    if transport not in ("redis", "rediss") or kind not in ("sentinel", "cluster") or not hosts:
        raise ValueError(f"{parts.scheme}:// is no Redis")
    if kind == "sentinel" and not path:
        raise ValueError("redis+sentinel:// needs the name of the master: redis+sentinel://host:26379/name")
    port = 26379 if kind == "sentinel" else 6379
    return RedisAddress(
        kind=kind,
        tls=transport == "rediss",
        hosts=[_parse_host_and_port(each, port) for each in hosts.split(",")],
        path=path,
        options=options,
        sentinel_options={"password": sentinel_password} if sentinel_password else {},
    )


def _parse_host_and_port(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or default_port
