"""URLs of PostgreSQL, Redis and the broker, checked by the libraries that connect to them."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vestibule.kernel import hosts
from vestibule.service.settings.value_types import UnreadableValue
from vestibule.storage import redis_client
from vestibule.storage.lazy_import import import_when_used

if TYPE_CHECKING:
    import kombu.transport as transports
    import psycopg.conninfo
    import redis
else:
    psycopg, redis = import_when_used("psycopg"), import_when_used("redis")
    transports = import_when_used("kombu.transport")

_POSTGRESQL_SCHEMES = ("postgres", "postgresql", "psql", "pgsql")
_PERCENT_ENCODING_HINT = (
    "percent-encode all but letters and digits in user and password (`@` is %40, `#` is %23, `/` is %2F)"
)
_DATABASE_REMEDY = f"Set it like postgres://user:password@host:5432/name; {_PERCENT_ENCODING_HINT}."
_REDIS_REMEDY = f"Set it like redis://:password@host:6379/0, or rediss:// for TLS; {_PERCENT_ENCODING_HINT}."
_BROKER_REMEDY = "Set it like redis://:password@host:6379/0 or amqp://user:password@host:5672/vhost."
# libpq's names for the parts of a URL, and Django's.
_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def is_http_elsewhere(url: str) -> bool:
    """Return whether what is sent to a site leaves this machine unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not hosts.is_local(parts.hostname or "")


def parse_postgresql_url(text: str) -> dict[str, Any]:
    """Return Django's configuration of the database that the URL names, as libpq reads it (libpq 33.1.1.2).

    Raises:
        UnreadableValue: the URL is malformed.
    """
    scheme, _, rest = text.partition("://")
    if scheme not in _POSTGRESQL_SCHEMES or not rest:
        raise UnreadableValue("is no address of PostgreSQL", _DATABASE_REMEDY)
    login, at, place = rest.rpartition("@") if "@" in rest.partition("?")[0] else ("", "", rest)
    try:
        found = psycopg.conninfo.conninfo_to_dict(f"postgresql://{login.replace('@', '%40')}{at}{place}")
    except psycopg.ProgrammingError:  # its text may repeat the password
        raise UnreadableValue("is no address of PostgreSQL that libpq can read", _DATABASE_REMEDY) from None
    ports = str(found.get("port", "")).split(",")
    if not all(not port or (port.isdigit() and 0 < int(port) < 65536) for port in ports):
        raise UnreadableValue("names a port that cannot be", _DATABASE_REMEDY)
    if not found.get("dbname") and "service" not in found:
        raise UnreadableValue("names no database", _DATABASE_REMEDY)
    database = {django: str(found.pop(libpq, "") or "") for libpq, django in _DJANGO_NAMES.items()}
    return {**database, "OPTIONS": found}


def check_database_url(text: str) -> str:
    """Return a URL of PostgreSQL, if it is one.

    Raises:
        UnreadableValue: the URL is malformed.
    """
    parse_postgresql_url(text)
    return text


def check_redis_url(text: str) -> str:
    """Return a URL of one Redis, of its sentinels or of a cluster, if it is one.

    Raises:
        UnreadableValue: the URL is malformed.
    """
    scheme = text.partition("://")[0]
    try:
        if scheme in ("redis", "rediss", "unix"):
            _check_single_redis(text)
        elif redis_client.is_sentinel_or_cluster_url(text):
            _check_multi_host_redis(text)
        else:
            raise UnreadableValue("is no address of Redis", _REDIS_REMEDY)
    except (ValueError, TypeError, redis.RedisError) as wrong:
        raise (
            wrong if isinstance(wrong, UnreadableValue) else UnreadableValue("is no address of Redis", _REDIS_REMEDY)
        ) from None
    return text


def check_broker_url(text: str) -> str:
    """Return a URL of a Redis, or of another broker that Celery supports, if it is one.

    Raises:
        UnreadableValue: the URL is malformed.
    """
    scheme, between, rest = text.partition("://")
    if "redis" in scheme or scheme == "unix":
        return check_redis_url(text)
    try:
        known = bool(between and (rest or scheme == "memory")) and (urlsplit(text).port or 1) > 0
    except ValueError:
        known = False
    if not known or scheme.partition("+")[0] not in transports.TRANSPORT_ALIASES:
        raise UnreadableValue("is no address of a broker", _BROKER_REMEDY)
    return text


def may_be_unencrypted(url: str) -> bool:
    """Return whether the connection to that PostgreSQL or Redis may leave this machine unencrypted."""
    scheme = url.partition("://")[0]
    if scheme in _POSTGRESQL_SCHEMES:
        found = parse_postgresql_url(url)
        wanted = found["OPTIONS"].get("sslmode", "prefer")
        return wanted in ("disable", "allow", "prefer") and not _are_all_local(found["HOST"].split(","))
    places = urlsplit(url).netloc.rpartition("@")[2].split(",")
    return scheme.partition("+")[0] == "redis" and not _are_all_local(
        [urlsplit(f"//{each}").hostname or "" for each in places]
    )


def _are_all_local(places: list[str]) -> bool:
    return all(place.startswith("/") or hosts.is_local(place) for place in places)


def _check_single_redis(text: str) -> None:
    parts = urlsplit(text)
    if parts.fragment or parts.netloc.count("@") > 1 or (parts.scheme != "unix" and not parts.hostname):
        raise UnreadableValue("is no address of Redis", _REDIS_REMEDY)
    if parts.scheme == "unix" and not parts.path:
        raise UnreadableValue("names no socket", "Set it like unix:///run/redis/redis.sock?db=0.")
    if parts.scheme != "unix" and not (parts.path.strip("/") or "0").isdigit():
        raise UnreadableValue("names a database that is no number", _REDIS_REMEDY)
    redis.ConnectionPool.from_url(text).make_connection()  # refuses unknown options; does not connect


def _check_multi_host_redis(text: str) -> None:
    place = redis_client.parse_redis_url(text)
    if "#" in text or urlsplit(text).netloc.count("@") > 1 or not all(host for host, _ in place.hosts):
        raise UnreadableValue("is no address of Redis", _REDIS_REMEDY)
    if place.kind == "sentinel" and not (place.path[1:] or ["0"])[0].isdigit():
        raise UnreadableValue("names a database that is no number", _REDIS_REMEDY)
