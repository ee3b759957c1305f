"""Where stores are: the URLs of PostgreSQL, Redis and the broker, read by the libraries that connect there."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kombu.transport import TRANSPORT_ALIASES

from vestibule import redis_client
from vestibule.boot import when_used
from vestibule.settings import hosts
from vestibule.settings.kinds import Unreadable

if TYPE_CHECKING:
    import psycopg.conninfo
    import redis
else:
    psycopg, redis = when_used("psycopg"), when_used("redis")

_POSTGRESQL = ("postgres", "postgresql", "psql", "pgsql")
_PERCENT = "percent-encode all but letters and digits in user and password (`@` is %40, `#` is %23, `/` is %2F)"
_DATABASE = f"Set it like postgres://user:password@host:5432/name; {_PERCENT}."
_REDIS = f"Set it like redis://:password@host:6379/0, or rediss:// for TLS; {_PERCENT}."
_BROKER = "Set it like redis://:password@host:6379/0 or amqp://user:password@host:5672/vhost."
# What libpq calls it, and what Django does.
_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def postgresql(text: str) -> dict[str, Any]:
    """Django's configuration of the database that the URL names, as libpq reads it (libpq 33.1.1.2)."""
    scheme, _, rest = text.partition("://")
    if scheme not in _POSTGRESQL or not rest:
        raise Unreadable("is no address of PostgreSQL", _DATABASE)
    login, at, place = rest.rpartition("@") if "@" in rest.partition("?")[0] else ("", "", rest)
    try:
        found = psycopg.conninfo.conninfo_to_dict(f"postgresql://{login.replace('@', '%40')}{at}{place}")
    except psycopg.ProgrammingError:  # its words may repeat the password
        raise Unreadable("is no address of PostgreSQL that libpq can read", _DATABASE) from None
    ports = str(found.get("port", "")).split(",")
    if not all(not port or (port.isdigit() and 0 < int(port) < 65536) for port in ports):
        raise Unreadable("names a port that cannot be", _DATABASE)
    if not found.get("dbname") and "service" not in found:
        raise Unreadable("names no database", _DATABASE)
    database = {django: str(found.pop(libpq, "") or "") for libpq, django in _NAMES.items()}
    return {**database, "OPTIONS": found}


def database_url(text: str) -> str:
    """A URL of PostgreSQL."""
    postgresql(text)
    return text


def redis_url(text: str) -> str:
    """A URL of one Redis, of its sentinels or of a cluster."""
    scheme = text.partition("://")[0]
    try:
        if scheme in ("redis", "rediss", "unix"):
            _one_redis(text)
        elif redis_client.is_special(text):
            _several_redises(text)
        else:
            raise Unreadable("is no address of Redis", _REDIS)
    except (ValueError, TypeError, redis.RedisError) as wrong:
        raise wrong if isinstance(wrong, Unreadable) else Unreadable("is no address of Redis", _REDIS) from None
    return text


def broker_url(text: str) -> str:
    """A URL of a Redis, or of another broker that Celery knows."""
    scheme, between, rest = text.partition("://")
    if "redis" in scheme or scheme == "unix":
        return redis_url(text)
    try:
        known = bool(between and (rest or scheme == "memory")) and (urlsplit(text).port or 1) > 0
    except ValueError:
        known = False
    if not known or scheme.partition("+")[0] not in TRANSPORT_ALIASES:
        raise Unreadable("is no address of a broker", _BROKER)
    return text


def is_in_clear(url: str) -> bool:
    """Whether what is said to that PostgreSQL or Redis may leave this machine unencrypted."""
    scheme = url.partition("://")[0]
    if scheme in _POSTGRESQL:
        found = postgresql(url)
        wanted = found["OPTIONS"].get("sslmode", "prefer")
        return wanted in ("disable", "allow", "prefer") and not _near(found["HOST"].split(","))
    places = urlsplit(url).netloc.rpartition("@")[2].split(",")
    return scheme.partition("+")[0] == "redis" and not _near([urlsplit(f"//{each}").hostname or "" for each in places])


def _near(places: list[str]) -> bool:
    return all(place.startswith("/") or hosts.is_local(place) for place in places)


def _one_redis(text: str) -> None:
    parts = urlsplit(text)
    if parts.fragment or parts.netloc.count("@") > 1 or (parts.scheme != "unix" and not parts.hostname):
        raise Unreadable("is no address of Redis", _REDIS)
    if parts.scheme == "unix" and not parts.path:
        raise Unreadable("names no socket", "Set it like unix:///run/redis/redis.sock?db=0.")
    if parts.scheme != "unix" and not (parts.path.strip("/") or "0").isdigit():
        raise Unreadable("names a database that is no number", _REDIS)
    redis.ConnectionPool.from_url(text).make_connection()  # refuses options that there are none of; connects nowhere


def _several_redises(text: str) -> None:
    place = redis_client.read(text)
    if "#" in text or urlsplit(text).netloc.count("@") > 1 or not all(host for host, _ in place.hosts):
        raise Unreadable("is no address of Redis", _REDIS)
    if place.kind == "sentinel" and not (place.path[1:] or ["0"])[0].isdigit():
        raise Unreadable("names a database that is no number", _REDIS)
