"""Ways to break one thing at a time, for `vestibule doctor`; and a house in which nothing is broken."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from threading import Thread
from typing import Any
from unittest.mock import patch

import psycopg
import redis
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.transaction import atomic
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.servers import free_port
from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.courier import messages, outbox
from vestibule.courier.models import Message
from vestibule.kernel.client import Client
from vestibule.limits import heartbeat, rules
from vestibule.service.doctor import keys
from vestibule.sessions import signing_keys

Broken = Callable[[], AbstractContextManager[object]]

GOOD: dict[str, Any] = {
    "BASE_URL": "https://auth.example.com",
    "DEBUG": False,
    "SECRET_KEY": "Yf0tqv1nFVm0vNwYlKJmZ3vV7mRZk5q0eGx2sQ8hJt4",
    "ALLOWED_HOSTS": ["auth.example.com"],
    "TRUSTED_PROXIES": [ip_network("10.0.0.0/24")],
    "METRICS_TOKEN": "a token of the watch",
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "PASSWORD_MIN_LENGTH": 15,
    "MFA_REQUIRED_ROLES": ("admin", "manager"),
    "RATE_LIMITS": True,
    "RATES": rules.DEFAULT_RATES,
    "MAILBOX": False,
    "DEFAULT_FROM_EMAIL": "Example <no-reply@example.com>",
    "EMAIL_BACKEND": "vestibule.courier.transports.smtp.EmailBackend",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_HOST_USER": "house",
    "EMAIL_HOST_PASSWORD": "the right password",
}


def with_settings(**changes: Any) -> Broken:
    """Other settings."""
    return lambda: configured(**changes)


@contextmanager
def database_away() -> Iterator[None]:
    """The database answers at another place."""
    elsewhere = {"NAME": "/nowhere/at.all"} if connection.vendor == "sqlite" else {"PORT": free_port()}
    connection.close()
    with patch.dict(connection.settings_dict, elsewhere):
        yield
    connection.close()


@contextmanager
def migration_missing() -> Iterator[None]:
    """The newest migration of the outbox was not applied."""
    recorder = MigrationRecorder(connection)
    [newest] = MigrationLoader(connection).graph.leaf_nodes("vestibule_courier")
    recorder.record_unapplied(*newest)
    yield
    recorder.record_applied(*newest)


@contextmanager
def redis_with(name: str, value: str) -> Iterator[None]:
    """Redis configured otherwise."""
    server = redis.Redis.from_url(conf.redis_url)
    before = server.config_get(name)[name] or ""
    server.config_set(name, value)
    yield
    server.config_set(name, before)


@contextmanager
def another_machine() -> Iterator[None]:
    """A client of the database that comes from another address."""
    given = connection.get_connection_params()
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as out:
        out.bind(("127.0.0.2", 0))
        out.connect((given["host"], int(given["port"])))
        carrier = Thread(target=_carry, args=(listening, out), daemon=True)
        carrier.start()
        port = listening.getsockname()[1]
        with psycopg.connect(host="127.0.0.1", port=port, user=given["user"], dbname=given["dbname"]):
            yield
        carrier.join()  # to the server's last word: nobody drops a database that somebody uses


def _carry(listening: socket.socket, out: socket.socket) -> None:
    inward, _ = listening.accept()
    back = Thread(target=_pump, args=(out, inward), daemon=True)
    back.start()
    _pump(inward, out)
    back.join()
    inward.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)


@contextmanager
def sweeps_stopped() -> Iterator[None]:
    """Nobody has swept for ten minutes."""
    heartbeat.record_sweeps(timezone.now() - timedelta(minutes=10))
    yield
    heartbeat.record_sweeps(timezone.now())


@contextmanager
def message_stuck() -> Iterator[None]:
    """A message that nobody has taken for two minutes."""
    client = Client.for_system("test", timezone.now() - timedelta(minutes=2))
    with atomic():
        outbox.post(
            client,
            messages.PASSWORD_CHANGED,
            to=Email("stuck@example.com"),
            language="",
            params={},
        )
    yield


@contextmanager
def relay_denied() -> Iterator[None]:
    """The mail server took us for somebody else."""
    with message_stuck():
        Message.objects.update(due_at=timezone.now(), trouble="refuses us: 554 5.7.1")
        yield


@contextmanager
def old_key() -> Iterator[None]:
    """The key has signed for 91 days."""
    with atomic():
        signing_keys.current_signing_key(timezone.now() - timedelta(days=91))
    yield


def clock_ahead() -> AbstractContextManager[object]:
    """Our own clock is ten seconds ahead of everybody's."""
    return travel(timezone.now() + timedelta(seconds=10))


# What breaks what: one line a check.
BREAKS: Mapping[str, Broken] = {
    "secret-key": with_settings(SECRET_KEY="change me, change me, change me, change me"),
    "debug": with_settings(DEBUG=True),
    "base-url": with_settings(BASE_URL="https://localhost:8000"),
    "https": with_settings(BASE_URL="http://auth.example.com"),
    "cookies": with_settings(CSRF_COOKIE_NAME="csrf", CSRF_COOKIE_SECURE=False),
    "hosts": with_settings(ALLOWED_HOSTS=["*"]),
    "proxies": with_settings(TRUSTED_PROXIES=[ip_network("0.0.0.0/0")]),
    "metrics": with_settings(METRICS_TOKEN=""),
    "tracing": with_settings(TRACES_WANTED=True, TRACING=False),
    "django": with_settings(SECURE_HSTS_SECONDS=0),
    "database": database_away,
    "migrations": migration_missing,
    "connections": with_settings(WEB_THREADS=500),
    "clock-database": clock_ahead,
    "redis": with_settings(REDIS_URL=f"redis://:canary@127.0.0.1:{free_port()}/0"),
    "redis-eviction": lambda: redis_with("maxmemory-policy", "allkeys-lru"),
    "redis-persistence": lambda: redis_with("save", ""),
    "clock-redis": clock_ahead,
    "pictures": another_machine,
    "broker": with_settings(CELERY_BROKER_URL=f"redis://:canary@127.0.0.1:{free_port()}/0"),
    "beat": sweeps_stopped,
    "outbox": message_stuck,
    "transport": relay_denied,
    "mail": with_settings(EMAIL_HOST_PASSWORD="the wrong password"),
    "mail-encryption": with_settings(EMAIL_HOST="smtp.example.com"),
    "mail-sender": with_settings(DEFAULT_FROM_EMAIL="Vestibule <no-reply@localhost>"),
    "test-mail": with_settings(EMAIL_HOST_PASSWORD="the wrong password"),
    "signing-key": old_key,
    "hashing": lambda: patch.object(
        keys, "SLOW_HASH_SECONDS", 0.0
    ),  # however fast this machine is, it is not that fast
    "password-minimum": with_settings(PASSWORD_MIN_LENGTH=12),
    "rates": with_settings(RATE_LIMITS=False),
    "strangers": with_settings(ENUMERATION_PROTECTION=False),
    "ways-in": with_settings(PASSWORDS="optional", MAGIC_LINK=False),
    "passkeys": with_settings(BASE_URL="https://203.0.113.7"),
    "providers": with_settings(
        SOCIAL={"acme": {"issuer": f"http://127.0.0.1:{free_port()}", "client_id": "canary", "client_secret": "canary"}}
    ),
    "second-factors": with_settings(MFA_REQUIRED_ROLES=()),
    "brand-color": with_settings(BRAND_COLOR="#ffd400"),
    "brand-folder": with_settings(BRAND_DIR=Path("/nowhere")),
}
