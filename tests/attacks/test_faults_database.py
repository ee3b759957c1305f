"""FLT-03: a PostgreSQL, or a way to it, that takes what it is sent and answers nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, close_old_connections, connection
from django.db.models.signals import pre_migrate
from django.db.transaction import atomic

from tests.environment import PRODUCTION
from tests.faults_of_use.test_database import url
from tests.proxy import Proxy
from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.audit.models import AuditEvent
from vestibule.kernel import cached

pytestmark = [
    pytest.mark.skipif(not PRODUCTION, reason="a file answers at once"),
    pytest.mark.usefixtures("house"),
]
ADA = "ada@example.com"
PATIENCE = 0.3


@pytest.fixture
def way() -> Iterator[Proxy]:
    """Between us and PostgreSQL."""
    given = connection.settings_dict
    usual = {"HOST": given["HOST"], "PORT": given["PORT"]}
    connection.close()
    with Proxy(int(given["PORT"])) as proxy:
        given.update(HOST="127.0.0.1", PORT=proxy.port)
        try:
            yield proxy
        finally:
            proxy.does("")
            connection.close()
            given.update(usual)
            cached.reset_all()


@contextmanager
def hanging(way: Proxy) -> Iterator[None]:
    """From here on the connection that we have hears nothing any more."""
    connection.ensure_connection()
    connection.connection.patience = PATIENCE
    way.does("hang")
    yield
    way.does("")
    close_old_connections()  # as before the next request


def test_flt_03_a_database_that_hangs_is_503_at_every_door_and_well_again(way: Proxy, door: Door) -> None:
    with hanging(way):
        reply = door.start(email=ADA, password=PASSWORD)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        close_old_connections()
        reply = door.start(email=ADA, password=PASSWORD)  # by a new connection, that nobody takes
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert door.start(email=ADA, password=PASSWORD).status in (200, 202)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "login", {"email": ADA, "password": PASSWORD}),
        ("POST", "password/reset", {"email": ADA}),
        ("GET", "me", {}),
        ("POST", "logout", {}),
    ],
)
def test_flt_03_whoever_asks_meanwhile(
    api: Api, inbox: Inbox, way: Proxy, method: str, path: str, body: dict[str, str]
) -> None:
    access = api.account(inbox, ADA)
    with hanging(way):
        reply = api.send(method, path, access, body)
        assert (reply.status, reply.code, reply.headers.get("Retry-After")) == (503, "unavailable", "5")
    assert api.send("GET", "me", access).status == 200


def select() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def fetch_by_and_by() -> None:
    list(AuditEvent.objects.order_by("pk").iterator(chunk_size=1))


@pytest.mark.parametrize("ask", [select, fetch_by_and_by], ids=["a statement", "a cursor of the server"])
def test_flt_03_every_wait_has_an_end_and_the_connection_is_closed(way: Proxy, ask: Callable[[], None]) -> None:
    with hanging(way):
        with pytest.raises(OperationalError):
            ask()
        assert connection.connection.closed
        assert not connection.is_usable()
    ask()


def test_flt_03_nor_is_a_commit_waited_for(way: Proxy) -> None:
    def commit() -> None:
        with atomic():
            select()
            connection.connection.patience = PATIENCE
            way.does("hang")

    with pytest.raises(OperationalError):
        commit()
    way.does("")
    close_old_connections()
    select()


def test_flt_03_alive_all_the_while_and_not_ready(way: Proxy, api: Api) -> None:
    http = Http(raise_request_exception=False)
    cached.reset_all()
    assert http.get("/health/ready").status_code == 200
    with hanging(way):
        cached.reset_all()
        answer = http.get("/health/ready")
        assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
        assert http.get("/health/live").status_code == 200
    cached.reset_all()
    assert http.get("/health/ready").status_code == 200


def test_flt_03_the_server_ends_a_statement_before_we_give_it_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")
        [milliseconds] = cursor.fetchone()
    assert milliseconds / 1000 < connection.connection.patience == settings.DATABASE_PATIENCE <= 6


def test_flt_03_migrations_may_take_their_time() -> None:
    found = []

    def look(**_: object) -> None:
        connection.ensure_connection()
        found.append(connection.connection.patience)

    pre_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(look)
    connection.ensure_connection()
    assert (set(found), connection.connection.patience) == ({None}, settings.DATABASE_PATIENCE)


def test_flt_01_whoever_signs_in_after_a_restart_is_let_in(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    assert api.login(ADA).status == 200
    with psycopg.connect(url("postgres"), autocommit=True) as other:
        ours = connection.settings_dict["NAME"]
        other.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [ours])
    cached.reset_all()  # as a minute later
    close_old_connections()
    assert api.login(ADA).status == 200
