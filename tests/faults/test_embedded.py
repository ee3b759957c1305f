"""The embedded shape: its one process is killed between the right code and the commit, while mail waits, or asked to
stop."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from errno import ECONNREFUSED
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.servers import until
from tests.service import Service
from tests.world import PASSWORD

# A statement that does not end: it holds the work of a confirm inside its transaction.
HOLD = """
CREATE TRIGGER hold BEFORE INSERT ON vestibule_user BEGIN
  SELECT count(*) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c);
END
"""


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The service's own database file."""
    connection = sqlite3.connect(folder / "vestibule.sqlite3", timeout=10, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def confirm(service: Service, registration: str, otp: str) -> tuple[int, str]:
    """Give the code back; status and the problem's code."""
    status, body = service.post("/api/auth/register/confirm", {"registration": registration, "otp": otp}, timeout=60)
    return status, str(body.get("code", ""))


def start(service: Service, address: str) -> str:
    """Sign up; the registration."""
    return str(service.post("/api/auth/register/start", {"email": address, "password": PASSWORD})[1]["registration"])


def test_the_process_is_killed_between_the_code_and_the_commit(tmp_path: Path) -> None:
    """FLT-05."""
    with Service(tmp_path) as service, ThreadPoolExecutor(1) as pool:
        registration = start(service, "killed@example.com")
        code = service.code_for("killed@example.com")
        with database(tmp_path) as sql:
            sql.execute(HOLD)
            answer = pool.submit(confirm, service, registration, code)
            until(lambda: sql.execute("SELECT state FROM vestibule_challenge").fetchone() == ("claimed",), "the claim")
            service.kill("serve")
            with pytest.raises((ConnectionError, URLError)):
                answer.result(timeout=10)
            assert sql.execute("SELECT count(*) FROM vestibule_user").fetchone() == (0,)
            sql.execute("DROP TRIGGER hold")
        service.start("serve")
        until(service.answers, "the service")
        assert confirm(service, registration, code) == (429, "locked")
        with database(tmp_path) as sql:
            sql.execute("UPDATE vestibule_challenge SET leased_until = '2020-01-01'")  # as if half a minute passed
        assert confirm(service, registration, code) == (201, "")
        assert confirm(service, registration, code) == (410, "token_used")
        with database(tmp_path) as sql:
            assert sql.execute("SELECT count(*) FROM vestibule_user").fetchone() == (1,)


def test_what_was_accepted_before_a_kill_is_delivered_after_it(tmp_path: Path) -> None:
    """FLT-05."""
    with Service(tmp_path) as service:
        people = [f"p{number}@example.com" for number in range(5)]
        registrations = [start(service, person) for person in people]
        service.kill("serve")
        with database(tmp_path) as sql:
            sql.execute("UPDATE vestibule_message SET leased_until = '2020-01-01' WHERE state = 'sending'")
        service.start("serve")
        until(service.answers, "the service")
        for person, registration in zip(people, registrations, strict=True):
            assert confirm(service, registration, service.code_for(person)) == (201, "")


def test_who_is_in_the_door_at_sigterm_is_served_and_then_it_is_shut(tmp_path: Path) -> None:
    """FLT-18."""
    body = json.dumps({"email": "late@example.com", "password": PASSWORD}).encode()
    with Service(tmp_path) as service:
        inside = HTTPConnection("127.0.0.1", service.port, timeout=20)
        inside.putrequest("POST", "/api/auth/register/start")
        inside.putheader("Content-Type", "application/json")
        inside.putheader("Content-Length", str(len(body)))
        inside.endheaders(body[:10])
        process = service.ask_to_stop("serve")
        until(lambda: refused(service.port), "the door to be shut")
        inside.send(body[10:])
        assert inside.getresponse().status == 202
        inside.close()
        assert process.wait(timeout=20) == 0


def refused(port: int) -> bool:
    """Whether nobody listens there: neither taken nor cut off."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == ECONNREFUSED


@pytest.mark.parametrize("line", [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n"])
def test_what_is_no_http_is_refused_with_the_headers_of_every_answer(service: Service, line: bytes) -> None:
    """INP-13, WEB-08: gunicorn answers by itself, before any middleware."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as stranger:
        stranger.sendall(line)
        answer = HTTPResponse(stranger)
        answer.begin()
        assert answer.status in (400, 431)
        assert answer.getheader("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert answer.getheader("Cache-Control") == "no-store"
        assert b"<h1>" in answer.read()
