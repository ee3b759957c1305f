"""Web, worker and beat against dependencies that are cut off, hang, or take no writes: 503 with Retry-After meanwhile,
and all of it well again without a restart."""

import http.client
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest
import redis
from celery import Celery

from tests.faults.conftest import Sink
from tests.proxy import Proxy
from tests.servers import Postgres, Redis, free_port, until
from tests.service import Service
from tests.world import PASSWORD, serve_smtp

_number = count()


@dataclass
class Shape:
    """Everything, with a proxy before each dependency."""

    service: Service
    store: Redis
    sink: Sink
    database: str
    proxies: dict[str, Proxy]

    def ask(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any], dict[str, str]]:
        """POST; status, answer and headers, within ten seconds."""
        line = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10)
        line.request("POST", f"/api/auth/{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = line.getresponse()
        told = answer.status, json.loads(answer.read() or b"{}"), dict(answer.headers)
        line.close()
        return told

    def ready(self) -> bool:
        """Whether it says so."""
        return self.service.get("/health/ready")[0] == 200

    def works(self) -> None:
        """A sign-up from its beginning to its end, and a sign-in: web and worker."""
        until(self.ready, "readiness")
        person = {"email": f"person{next(_number)}@example.com", "password": PASSWORD}
        _, told, _ = self.ask("register/start", person)
        given = {"registration": told["registration"], "otp": self.sink.mail(person["email"]).code}
        assert self.ask("register/confirm", given)[0] == 201
        assert self.ask("login", person)[0] == 200


@pytest.fixture(scope="module")
def shape() -> Iterator[Shape]:
    """One web process, a worker and beat, for all of these tests: none of them is started again."""
    folder = Path(mkdtemp(prefix="vestibule-matrix-"))
    folder.chmod(0o755)
    postgres, store, sink, port = Postgres(folder), Redis(folder / "redis"), Sink(), free_port()
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        for server in (postgres, store):
            server.start()
            ends.callback(server.stop)
        database = postgres.create("vestibule")
        behind = {"database": int(database.rpartition(":")[2].partition("/")[0]), "redis": store.port, "mail": port}
        proxies = {name: ends.enter_context(Proxy(number)) for name, number in behind.items()}
        mail = serve_smtp(sink, port)
        next(mail)
        ends.callback(next, mail, None)
        environment = {
            "DATABASE_URL": database.replace(f":{behind['database']}/", f":{proxies['database'].port}/"),
            "REDIS_URL": f"redis://127.0.0.1:{proxies['redis'].port}/0",
            "EMAIL_HOST": "127.0.0.1",
            "DEFAULT_FROM_EMAIL": "no-reply@vestibule.example",  # the sink on Python 3.11.2 reads no address literal
            "EMAIL_PORT": str(proxies["mail"].port),
            "SECRET_KEY": "a secret key for tests that is long enough",
            "WEB_PROCESSES": "1",
        }
        with Service(folder, **environment) as service:
            service.start("worker", "--concurrency=1")
            service.start("beat")
            made = Shape(service, store, sink, database, proxies)
            made.works()
            yield made


@contextmanager
def by_proxy(shape: Shape, dependency: str, fault: str) -> Iterator[None]:
    """The way there is broken."""
    shape.proxies[dependency].does(fault)
    try:
        yield
    finally:
        shape.proxies[dependency].does("")


@contextmanager
def set_in_database(shape: Shape, dependency: str, fault: str) -> Iterator[None]:
    """The primary was demoted: new sessions read, and so do those that stand."""
    with psycopg.connect(shape.database, autocommit=True) as other:
        other.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        other.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            other.execute("SET default_transaction_read_only = off")
            other.execute("ALTER SYSTEM RESET default_transaction_read_only")
            other.execute("SELECT pg_reload_conf()")


@contextmanager
def set_in_redis(shape: Shape, dependency: str, fault: str) -> Iterator[None]:
    """No room left: what is read is answered, and nothing is kept."""
    with redis.Redis.from_url(shape.store.url()) as other:
        other.config_set("maxmemory", 1)
        try:
            yield
        finally:
            other.config_set("maxmemory", 0)


Break = Callable[[Shape, str, str], Any]
BOTH, START = ("register/start", "login"), ("register/start",)  # to sign in with rates off, Redis is only read
MATRIX: list[tuple[str, str, str, Break, tuple[str, ...]]] = [
    ("flt_03", "redis", "cut", by_proxy, BOTH),
    ("flt_03", "redis", "hang", by_proxy, BOTH),
    ("fault_33", "redis", "full", set_in_redis, START),
    ("flt_03", "database", "cut", by_proxy, BOTH),
    ("flt_03", "database", "hang", by_proxy, BOTH),
    ("fault_32", "database", "read-only", set_in_database, BOTH),
]


@pytest.mark.parametrize(
    ("id", "dependency", "fault", "break_", "paths"), MATRIX, ids=[" ".join(row[:3]) for row in MATRIX]
)
def test_flt_03_a_dependency_that_is_not_itself(
    shape: Shape, id: str, dependency: str, fault: str, break_: Break, paths: tuple[str, ...]
) -> None:
    person = {"email": "away@example.com", "password": PASSWORD}
    with break_(shape, dependency, fault), ThreadPoolExecutor() as people:
        asked = [people.submit(shape.ask, path, person) for path in paths]
        until(lambda: not shape.ready(), "readiness to fail")
        assert shape.service.get("/health/live")[0] == 200
        for answer in asked:
            status, problem, headers = answer.result()
            assert (status, problem["code"], headers["Retry-After"].isdecimal()) == (503, "unavailable", True)
    shape.works()


@contextmanager
def a_mail_in_hand(shape: Shape, address: str) -> Iterator[None]:
    """The mail server holds the worker's delivery until the end of this."""
    shape.sink.hang = True
    shape.sink.hanging.clear()
    shape.sink.go_on.clear()
    shape.ask("register/start", {"email": address, "password": PASSWORD})
    assert shape.sink.hanging.wait(20)
    yield
    shape.sink.hang = False
    shape.sink.go_on.set()


def test_hol_11_redis_restarts_while_a_task_is_in_hand(shape: Shape) -> None:
    with a_mail_in_hand(shape, "in.hand@example.com"):
        shape.store.stop()
        shape.store.start()
    shape.works()
    assert [shape.service.process(name).poll() for name in ("serve", "worker", "beat")] == [None] * 3


def test_fault_33_a_worker_whose_acknowledgement_has_no_room_goes_on(shape: Shape) -> None:
    """Celery ends a worker at an answer that it does not take for a lost connection. A task is acknowledged when its
    turn comes: one waits behind that which is in hand."""
    with ExitStack() as full:
        with a_mail_in_hand(shape, "acknowledged@example.com"):
            with Celery(broker=shape.store.url(), set_as_current=False) as other:
                other.send_task("vestibule.deliver")
            full.enter_context(set_in_redis(shape, "redis", "full"))
        until(lambda: "command not allowed" in shape.service.log("worker"), "the acknowledgement to be refused")
        assert shape.service.process("worker").poll() is None
    shape.works()


def test_flt_08_a_mail_server_that_hangs_up_is_tried_again_when_beat_rings(shape: Shape) -> None:
    """After Redis was restarted above: nobody wakes the worker for this try but beat, on its new connection."""
    with by_proxy(shape, "mail", "cut"), psycopg.connect(shape.database, autocommit=True) as other:
        status, _, _ = shape.ask("register/start", {"email": "later@example.com", "password": PASSWORD})
        assert (status, shape.ready()) == (202, True)
        tried = "SELECT count(*) FROM vestibule_message WHERE state = 'queued' AND trouble <> ''"
        until(lambda: other.execute(tried).fetchone() != (0,), "a try")
        other.execute("UPDATE vestibule_message SET due_at = now() WHERE state = 'queued'")
    shape.sink.mail("later@example.com")


def test_hol_11_a_worker_that_ends_says_whether_it_was_asked(shape: Shape) -> None:
    assert shape.service.ask_to_stop("worker").wait(30) == 0
    worker = shape.service.start("worker", "--concurrency=1")  # one whose broker was cut before may be deaf to commands
    with Celery(broker=shape.store.url(), set_as_current=False) as other:

        def told() -> bool:
            """A worker that is not connected yet hears nothing: it is told once more."""
            other.control.shutdown()
            return worker.poll() is not None

        until(told, "the end of the worker")
    assert worker.wait() != 0
    shape.service.start("worker", "--concurrency=1")
    shape.works()
    assert shape.service.ask_to_stop("worker").wait(30) == 0
