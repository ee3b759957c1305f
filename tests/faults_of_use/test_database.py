"""A database that takes no writes, that ended our transaction, that can't hold our text."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, close_old_connections, connection, connections
from django.db.transaction import atomic

from tests.environment import PRODUCTION
from tests.servers import until
from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.kernel import cached
from vestibule.storage.encoding import check_database_encoding

pytestmark = [
    pytest.mark.skipif(not PRODUCTION, reason="a file has no standby, no encoding and no locale"),
    pytest.mark.usefixtures("house"),
]
ADA = "ada@example.com"


@contextmanager
def reading_only() -> Iterator[None]:
    """The primary became a standby: every transaction reads, on connections that stay open."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(url("postgres"), autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        cached.reset_all()
        try:
            yield
        finally:
            other.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            connection.close()
            cached.reset_all()


def url(database: str) -> str:
    """Another database of this server."""
    given = settings.DATABASES["default"]
    return f"postgres://{given['USER']}@{given['HOST']}:{given['PORT']}/{database}"


def test_fault_32_a_demoted_primary_is_503_at_every_door(door: Door) -> None:
    with reading_only():
        reply = door.start(email=ADA, password=PASSWORD)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    close_old_connections()  # as before the next request
    assert door.start(email=ADA, password=PASSWORD).status in (200, 202)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "login", {"email": ADA, "password": PASSWORD}),
        ("POST", "register/start", {"email": ADA, "password": PASSWORD}),
        ("POST", "register", {"email": ADA, "password": PASSWORD}),
        ("POST", "password/reset", {"email": ADA}),
        ("PATCH", "me", {"full_name": "Ada"}),
        ("POST", "reauthenticate", {"password": PASSWORD}),
        ("POST", "logout", {}),
    ],
)
def test_fault_32_whatever_writes_is_503_with_retry_after(
    api: Api, inbox: Inbox, method: str, path: str, body: dict[str, str]
) -> None:
    access = api.account(inbox, ADA)
    with reading_only():
        reply = api.send(method, path, access, body)
        assert (reply.status, reply.code, reply.headers.get("Retry-After")) == (503, "unavailable", "5")


def test_fault_32_it_is_not_ready_and_the_connection_is_left(api: Api) -> None:
    http = Http(raise_request_exception=False)
    assert http.get("/health/ready").status_code == 200
    with reading_only():
        answer = http.get("/health/ready")
        assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
        before = pid()
        api.start(email=ADA, password=PASSWORD)
        close_old_connections()
        assert pid() != before
    close_old_connections()
    assert http.get("/health/ready").status_code == 200


STATES = ["25006", "25P03", "25P04", "53100", "53200", "53300", "57P01", "57P05", "57014", "58030", "58P01"]
STATES += ["40001", "40P01", "55P03", "08006", "0A000"]


@pytest.mark.parametrize("state", STATES)
def test_fault_32_what_means_not_now_is_one_exception(state: str) -> None:
    with connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")
    connection.close()


def test_fault_32_a_statement_prepared_before_a_migration_is_not_now_and_made_anew() -> None:
    with psycopg.connect(url(connection.settings_dict["NAME"]), autocommit=True) as other:
        other.execute("CREATE TABLE grown (a int)")
        try:
            with connection.cursor() as cursor:
                for _ in range(8):
                    cursor.execute("SELECT * FROM grown")
                other.execute("ALTER TABLE grown ADD COLUMN b int")
                with pytest.raises(OperationalError):
                    cursor.execute("SELECT * FROM grown")
        finally:
            other.execute("DROP TABLE grown")
    close_old_connections()
    assert connection.connection is None


def test_fault_32_a_transaction_that_the_server_ended_is_not_now() -> None:
    def ended_in_the_middle() -> None:
        with atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 1")
            gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
            until(lambda: other.execute(gone, [mine]).fetchone() == (0,), "the server to end it")
            cursor.execute("SELECT 1")

    mine = pid()
    with psycopg.connect(url("postgres"), autocommit=True) as other, pytest.raises(OperationalError):
        ended_in_the_middle()
    connection.close()


@contextmanager
def database(how: str) -> Iterator[None]:
    """Our own settings lead to a database that was created so."""
    name, given = f"odd_{uuid4().hex[:8]}", connection.settings_dict
    connection.close()
    with psycopg.connect(url("postgres"), autocommit=True) as other:
        other.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {how}')
        before, given["NAME"] = given["NAME"], name
        try:
            yield
        finally:
            connections.close_all()
            given["NAME"] = before
            other.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize(
    ("how", "id"),
    [
        ("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", "vestibule.E060"),
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", "vestibule.E060"),
        ("ENCODING 'UTF8' LOCALE_PROVIDER builtin LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'", ""),
        ("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", ""),
    ],
)
def test_fault_34_a_database_that_can_not_hold_us_stops_every_command(how: str, id: str) -> None:
    with database(how):
        assert [found.id for found in check_database_encoding()] == [id] * bool(id)
        if id:
            with pytest.raises(SystemCheckError, match=id):
                call_command("migrate", skip_checks=False, verbosity=0)


def test_fault_34_nor_does_one_that_has_other_letters_for_i() -> None:
    """As in Turkish; the PostgreSQL of the tests was built without ICU, so its `lower` is put in front of the real."""
    with database("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"):
        with connection.cursor() as cursor:
            cursor.execute("CREATE FUNCTION lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'ı' $$")
            cursor.execute("SET search_path = public, pg_catalog")
        assert [found.id for found in check_database_encoding()] == ["vestibule.E061"]


def test_fault_34_one_that_is_away_stops_no_start() -> None:
    connection.close()
    given = connection.settings_dict
    before, given["PORT"] = given["PORT"], "1"
    try:
        assert check_database_encoding() == []
    finally:
        given["PORT"] = before


def pid() -> int:
    """Of the server's process behind our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
