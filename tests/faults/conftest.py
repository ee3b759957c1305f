"""The production shape as processes of its own, whose parts the tests stop and kill."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any

import psycopg
import pytest
import redis
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from tests.letters import Post, parsed
from tests.servers import Postgres, Redis, free_port, until
from tests.service import Service
from tests.world import Smtp, serve_smtp


class Sink(Smtp):
    """An SMTP server that can be told to hang in the middle of a message."""

    def __init__(self) -> None:
        super().__init__()
        self.hang = False
        self.hanging = Event()
        self.go_on = Event()

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message; while `hang`, never say that it was taken."""
        if self.hang:
            self.hanging.set()
            while not self.go_on.is_set():
                await asyncio.sleep(0.02)
            return "451 4.3.0 was asleep"
        return await super().handle_DATA(server, session, envelope)

    def mail(self, address: str) -> Post:
        """The newest mail to that address, waited for."""
        until(lambda: bool(self.mails(address)), f"a mail to {address}")
        return self.mails(address)[-1]

    def mails(self, address: str) -> list[Post]:
        """The mails to that address, oldest first."""
        return [post for post in map(parsed, list(self.letters)) if post.to == address]


@dataclass
class Deployment:
    """Everything that runs, and the ways to look inside."""

    service: Service
    postgres: Postgres
    redis: Redis
    sink: Sink
    database_url: str
    store: str
    environment: dict[str, str]

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def start(self, address: str) -> str:
        """Sign up; the registration."""
        status, body = self.service.post(
            "/api/auth/register/start", {"email": address, "password": "correct horse battery staple"}
        )
        assert status == 202, body
        return str(body["registration"])

    def confirm(self, registration: str, otp: str) -> tuple[int, str]:
        """Give the code back; status and the problem's code."""
        status, body = self.service.post("/api/auth/register/confirm", {"registration": registration, "otp": otp})
        return status, str(body.get("code", ""))

    def users(self) -> int:
        """How many accounts there are."""
        return int(self.sql("SELECT count(*) FROM vestibule_user")[0][0])

    def let_leases_lapse(self) -> None:
        """As if half a minute passed: every lease on a challenge or a message has run out, every retry is due."""
        self.sql(
            "UPDATE vestibule_challenge SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
        )
        self.sql("UPDATE vestibule_message SET leased_until = now() - interval '1 second' WHERE state = 'sending'")
        self.sql("UPDATE vestibule_message SET due_at = now() WHERE state = 'queued'")
        self._in_redis("leased_until", "0")

    def unsettle(self) -> None:
        """As if no challenge had ever been settled."""
        self.sql("UPDATE vestibule_challenge SET state = 'waiting'")
        self._in_redis("state", "waiting")

    def _in_redis(self, field: str, value: str) -> None:
        connection = redis.Redis.from_url(self.redis.url())
        for key in connection.scan_iter("vestibule:challenge:*"):
            connection.hset(key, field, value)


@pytest.fixture(scope="session", params=["redis", "database"])
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """PostgreSQL, Redis, SMTP, two web processes, a Celery worker and beat; the challenges in either store."""
    folder = tmp_path_factory.mktemp("deployment")
    postgres, store, sink, port = Postgres(folder), Redis(folder / "redis"), Sink(), free_port()
    postgres.start()
    store.start()
    url = postgres.create("vestibule")
    environment = {
        "DATABASE_URL": url,
        "REDIS_URL": store.url(),
        "CHALLENGE_STORE": request.param,
        "WEB_PROCESSES": "2",
        "SECRET_KEY": "a secret key for tests that is long enough",
        "EMAIL_HOST": "127.0.0.1",
        "DEFAULT_FROM_EMAIL": "no-reply@vestibule.example",  # the sink on Python 3.11.2 reads no address literal
        "EMAIL_PORT": str(port),
    }
    service = Service(folder, **environment)
    smtp = serve_smtp(sink, port)
    next(smtp)
    try:
        with service:
            service.start("worker", "--concurrency=1")
            service.start("beat")
            yield Deployment(service, postgres, store, sink, url, request.param, environment)
    finally:
        next(smtp, None)
        store.stop()
        postgres.stop()
