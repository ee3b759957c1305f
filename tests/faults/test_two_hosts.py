"""Two web hosts and a balancer: either serves what the other began; one goes, by kill or by SIGTERM, in traffic."""

import http.client
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from tests.balancer import HAPROXY, Balanced
from tests.faults.conftest import Deployment
from tests.servers import until
from tests.service import Service
from tests.world import PASSWORD

pytestmark = [
    pytest.mark.skipif(not HAPROXY, reason="no HAProxy: THE TESTS WITH TWO WEB HOSTS DID NOT RUN"),
    pytest.mark.parametrize("deployment", ["redis"], indirect=True),  # a store of either kind is shared alike
]
AT_ONCE = 4
# Each process also ends by itself after some sixty requests, and nobody may notice.
SMALL = {"WEB_PROCESSES": "1", "WEB_DRAIN": "3", "WEB_MAX_REQUESTS": "60"}
_numbers = count()


@pytest.fixture(scope="module")
def house(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balanced]:
    """Two hosts of the deployment and their balancer."""
    balanced = Balanced(tmp_path_factory.mktemp("hosts"), **{**deployment.environment, **SMALL})
    balanced.start()
    yield balanced
    balanced.stop()


class Traffic:
    """People who sign up, refresh and look at themselves, through the balancer; each in a thread, until told to stop.

    What is not answered well is asked again, as a client would; `failed` keeps each such answer.
    """

    def __init__(self, deployment: Deployment, house: Balanced, name: str) -> None:
        self._deployment, self._house, self.name = deployment, house, name
        self._enough = Event()
        self.failed: list[tuple[str, Any]] = []
        self.refresh_tokens: dict[str, str] = {}  # the last one that each person was given

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Until the block ends, and everybody has come through."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            people: list[Future[None]] = [pool.submit(self._come) for _ in range(AT_ONCE)]
            try:
                yield
            finally:
                self._enough.set()
            for each in people:
                each.result()

    def flows_on(self) -> None:
        """Come back when as many people more have come through as there are at once."""
        before = len(self.refresh_tokens)
        until(lambda: len(self.refresh_tokens) >= before + AT_ONCE, "people to come through", 60)

    def _come(self) -> None:
        while not self._enough.is_set():
            self._one(f"{self.name}{next(_numbers)}@example.com")

    def _one(self, address: str) -> None:
        typed = {"email": address, "password": PASSWORD}
        registration = self._ask("register/start", typed, 202)[1]["registration"]
        code = self._deployment.sink.mail(address).code
        status, body = self._ask("register/confirm", {"registration": registration, "otp": code}, 201, 400, 410)
        if status == 400:  # a start whose answer was cut off had its effect: this is the code of that one's mail
            until(lambda: len(self._deployment.sink.mails(address)) > 1, "the other mail")
            [code] = {post.code for post in self._deployment.sink.mails(address)} - {code}
            status, body = self._ask("register/confirm", {"registration": registration, "otp": code}, 201, 410)
        if status == 410:  # a confirm whose answer was cut off had its effect
            assert (body["code"], bool(self.failed)) == ("token_used", True)
            body = self._ask("login", typed, 200)[1]
        body = self._ask("token/refresh", {"refresh": body["refresh"]}, 200)[1]
        self.refresh_tokens[address] = body["refresh"]

    def _ask(self, path: str, body: dict[str, str], *fine: int) -> tuple[int, dict[str, Any]]:
        for _ in range(100):
            until(self._ready, "a host that is ready", 60)
            try:
                status, answer = self._house.post(f"/api/auth/{path}", body)
            except (OSError, http.client.HTTPException) as cut:
                self.failed.append((path, cut))
                continue
            if status in fine:
                return status, answer
            self.failed.append((path, (status, answer)))
            if answer.get("code") == "locked":  # whoever held the proof died with it
                self._deployment.let_leases_lapse()
        raise AssertionError(f"{path} is never answered: {self.failed[-3:]}")

    def _ready(self) -> bool:
        try:
            return not self.failed or self._house.get("/health/live")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def confirms_held(deployment: Deployment, at_least: int) -> Iterator[None]:
    """Every confirm stops inside its transaction (three seconds, then it gives up); the block begins when some do."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'vestibule_user'::regclass"
    with psycopg.connect(deployment.database_url) as holder:
        holder.execute("LOCK TABLE vestibule_user IN EXCLUSIVE MODE")
        until(lambda: deployment.sql(waiting)[0][0] >= at_least, "confirms to wait")
        yield


def assert_told_is_true(deployment: Deployment, house: Balanced, traffic: Traffic) -> None:
    """Who came through has one account, whole, and a session that goes on; there is nothing else; every mail went."""
    people = list(traffic.refresh_tokens)
    found = deployment.sql(
        "SELECT u.email, u.status, count(e.id), (SELECT count(*) FROM vestibule_profile p WHERE p.user_id = u.id)"
        " FROM vestibule_user u LEFT JOIN vestibule_audit_event e ON e.user_id = u.id AND e.name = 'account.registered'"
        " WHERE u.email = ANY(%s) GROUP BY u.id",
        people,
    )
    assert sorted(found) == sorted((person, "active", 1, 1) for person in people)
    of_these = deployment.sql("SELECT count(*) FROM vestibule_user WHERE email LIKE %s", f"{traffic.name}%")
    assert of_these == [(len(people),)]
    for token in traffic.refresh_tokens.values():
        assert house.post("/api/auth/token/refresh", {"refresh": token})[0] == 200
    deployment.let_leases_lapse()  # of a worker that lost PostgreSQL with a message in hand
    pending = "SELECT count(*) FROM vestibule_message WHERE state IN ('queued', 'sending')"
    until(lambda: deployment.sql(pending)[0][0] == 0, "every mail to be sent")


def test_begun_here_and_confirmed_there(deployment: Deployment, house: Balanced) -> None:
    here, there = house.hosts
    body = {"email": "between@example.com", "password": PASSWORD}
    registration = here.post("/api/auth/register/start", body)[1]["registration"]
    code = deployment.sink.mail("between@example.com").code
    given = {"registration": registration, "otp": code}
    status, session = there.post("/api/auth/register/confirm", given)
    assert status == 201
    assert here.post("/api/auth/register/confirm", given)[1]["code"] == "token_used"
    status, session = here.post("/api/auth/token/refresh", {"refresh": session["refresh"]})
    assert status == 200
    assert there.post("/api/auth/token/verify", {"token": session["access"]})[1]["active"] is True


def test_a_host_is_killed_in_traffic(deployment: Deployment, house: Balanced) -> None:
    traffic = Traffic(deployment, house, "cut")
    with traffic.flowing():
        with confirms_held(deployment, 3):
            house.hosts[0].kill("serve")
            until(lambda: bool(traffic.failed), "somebody to be cut off")
        traffic.flows_on()
        house.take_back(house.hosts[0])
    assert_told_is_true(deployment, house, traffic)


def test_a_host_is_asked_to_stop_in_traffic(deployment: Deployment, house: Balanced) -> None:
    """FLT-18."""
    traffic = Traffic(deployment, house, "whole")
    with traffic.flowing():
        with confirms_held(deployment, 2):
            leaving = house.hosts[1].ask_to_stop("serve")
            until(lambda: house.hosts[1].get("/health/ready")[1]["status"] == "leaving", "the host to say so")
        assert leaving.wait(timeout=30) == 0
        traffic.flows_on()
    house.take_back(house.hosts[1])
    assert traffic.failed == []
    assert_told_is_true(deployment, house, traffic)


@contextmanager
def small_host(deployment: Deployment, folder: Path, drain: int) -> Iterator[Service]:
    """A host whose one process ends after nine requests."""
    few = {"WEB_PROCESSES": "1", "WEB_DRAIN": str(drain), "WEB_MAX_REQUESTS": "9"}
    host = Service(folder, **{**deployment.environment, **few})
    try:
        host.start("serve")
        until(host.answers, "the host")
        yield host
    finally:
        host.stop()


def test_a_process_that_ends_while_its_host_leaves_is_followed_by_another(
    deployment: Deployment, tmp_path: Path
) -> None:
    with small_host(deployment, tmp_path, 60) as host:
        leaving = host.ask_to_stop("serve")
        until(lambda: host.get("/health/ready")[1]["status"] == "leaving", "the host to say so")
        assert [host.get("/health/live")[0] for _ in range(30)] == [200] * 30
        leaving.terminate()  # a second signal ends the wait
        assert leaving.wait(timeout=30) == 0


ASKED = b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def test_a_process_that_ends_is_followed_before_it_has_answered_its_last(
    deployment: Deployment, tmp_path: Path
) -> None:
    """A client that sends slowly would keep the only one, which accepts nobody, for as long as an end may take."""
    with small_host(deployment, tmp_path, 0) as host, closing(_connected(host)) as slow:
        slow.sendall(ASKED)
        _end_process(host)
        for _ in range(2):  # the first may have come before it closed its socket
            assert host.get("/health/ready")[1]["status"] == "ready"
        slow.sendall(b"\r\n")
        assert b'"ready"' in _read(slow)


def test_who_waits_when_the_last_process_is_ending_is_answered(deployment: Deployment, tmp_path: Path) -> None:
    """Whoever came after it closed its socket waits in the kernel, where the parent's end would cut them."""
    with small_host(deployment, tmp_path, 0) as host, closing(_connected(host)) as slow:
        slow.sendall(ASKED)
        serve = host.process("serve")
        os.kill(serve.pid, signal.SIGSTOP)  # so that it begins no other before it is asked to stop
        _end_process(host)
        until(lambda: _holders(host) == 1, "the parent alone to hold the socket")
        with closing(_connected(host)) as waiting:
            waiting.sendall(ASKED + b"\r\n")
            host.ask_to_stop("serve")
            os.kill(serve.pid, signal.SIGCONT)
            assert b'"leaving"' in _read(waiting)
        slow.sendall(b"\r\n")
        assert b'"leaving"' in _read(slow)
        assert serve.wait(timeout=30) == 0


def _end_process(host: Service) -> None:
    """Ask until the process says that it answers no more on this connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)) as last:
        until(lambda: _is_last(last), "the process to end")


def _connected(host: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", host.port), timeout=10)


def _is_last(connection: http.client.HTTPConnection) -> bool:
    """Ask; whether the process says that it answers no more."""
    connection.request("GET", "/health/live")
    with connection.getresponse() as answer:
        answer.read()
    return answer.headers["Connection"] == "close"


def _read(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    with connection.makefile("rb") as answer:
        return answer.read()


def _holders(host: Service) -> int:
    """How many processes hold the listening socket of a host."""
    listening = f":{host.port:04X} 00000000:0000 0A "
    [inode] = [line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines() if listening in line]
    holders = 0
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # a process that has ended, or is not ours
            holders += str(file.readlink()) == f"socket:[{inode}]"
    return holders


def test_postgresql_restarts_in_traffic(deployment: Deployment, house: Balanced) -> None:
    """FLT-01."""
    traffic = Traffic(deployment, house, "outlived")
    with traffic.flowing():
        until(lambda: bool(traffic.refresh_tokens), "somebody to come through")
        deployment.postgres.stop()
        # The others may all be waiting for a mail.
        assert house.post("/api/auth/token/refresh", {"refresh": next(iter(traffic.refresh_tokens.values()))})[0] == 503
        deployment.postgres.start()
        traffic.flows_on()
    told = [answer for _, answer in traffic.failed]
    assert {status for status, _ in told} <= {503, 429}  # 429: the proof of a confirm that was cut off is still held
    assert_told_is_true(deployment, house, traffic)
