"""HOL-16: of too many connections the first of whoever has most are ended, and what waits for a thread is counted."""

import logging
import os
import selectors
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing
from typing import Any

import pytest
from gunicorn.config import Config

from vestibule.service.server import receiving
from vestibule.service.server.receiving import Connection, ReceivingWorker
from vestibule.web.held_answers import HOLD_ANSWER

MOST = 16
BEGUN = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n{"
PICTURE = b"PUT /api/auth/me/picture HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"


class Busy:
    """Threads of which none is free."""

    def submit(self, *_: object) -> Future[Any]:
        return Future()


class Door:
    """A worker's loop, a turn at a time, and the clients before it."""

    def __init__(self, stack: ExitStack) -> None:
        config = Config()
        config.set("worker_connections", MOST)
        config.set("threads", 1)
        self.worker = ReceivingWorker(0, os.getpid(), [], None, 30, config, logging.getLogger())
        self.worker.alive, self.worker.tpool, self.worker.poller = True, Busy(), selectors.DefaultSelector()
        self.worker.method_queue.init()
        self.listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=4 * MOST)))
        stack.callback(self.worker.poller.close)
        stack.callback(self.worker.method_queue.close)
        stack.callback(self.worker.tmp.close)
        self._stack = stack

    def come(self, home: str, said: bytes = BEGUN) -> socket.socket:
        """A client from that address, and what it sends."""
        client = self._stack.enter_context(closing(socket.socket()))
        client.settimeout(5)
        client.bind((home, 0))
        client.connect(self.listener.getsockname())
        self.worker.accept(self.listener)
        client.sendall(said)
        self.turn()
        return client

    def turn(self) -> None:
        """What has arrived is received."""
        self.worker.wait_for_and_dispatch_events(0.1)
        self.worker.murder_pending()

    def answers(self, client: socket.socket) -> bytes:
        """What was said to a client: nothing where it is still waited for."""
        client.setblocking(False)
        try:
            return client.recv(100)
        except BlockingIOError:
            return b""


@pytest.fixture
def door() -> Iterator[Door]:
    with ExitStack() as stack:
        yield Door(stack)


def test_hol_16_of_too_many_the_first_of_the_network_that_has_most_are_ended(door: Door) -> None:
    honest = [door.come(f"127.0.1.{n}") for n in range(1, 4)]
    flood = [door.come("127.0.2.1") for _ in range(MOST - 3)]
    assert [door.answers(each) for each in honest] == [b""] * 3
    told = [door.answers(each).partition(b"\r\n")[0] for each in flood]
    assert told == [b"HTTP/1.1 408 Request Timeout"] * (MOST // 4) + [b""] * (MOST - 3 - MOST // 4)
    assert door.worker.nr_conns == MOST - MOST // 4


def test_hol_16_where_all_come_from_one_network_the_oldest_go(door: Door) -> None:
    """Behind a proxy."""
    all_ = [door.come("127.0.0.1") for _ in range(MOST)]
    assert [bool(door.answers(each)) for each in all_] == [True] * (MOST // 4) + [False] * (MOST - MOST // 4)


def test_hol_16_who_was_answered_goes_before_who_was_not(door: Door) -> None:
    waits = [door.come("127.0.0.1") for _ in range(MOST - 4)]
    over = [door.come(f"127.0.3.{n}", b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000) for n in range(1, 5)]
    assert [door.answers(each) for each in waits] == [b""] * (MOST - 4)
    assert all(door.answers(each).startswith(b"HTTP/1.1 431") for each in over)


def test_hol_16_requests_that_wait_for_a_thread_are_counted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_HELD_BYTES", 3_500_000)
    senders = [send_whole(door, f"127.0.4.{n}") for n in range(1, 5)]
    assert [each[:12] for each in senders] == [b""] * 3 + [b"HTTP/1.1 503"]
    queued = next(iter(door.worker._taken))
    finished: Future[bool] = Future()
    finished.set_result(False)
    door.worker.finish_request(queued, finished)
    assert send_whole(door, "127.0.4.9") == b""


def answer(door: Door, conn: Connection, *, held: float) -> None:
    """What a thread does: it writes an answer, which is held so long, and is done."""
    environ: dict[str, Any] = {"gunicorn.socket": conn.sock}

    def application(environ: dict[str, Any], _: Any) -> list[bytes]:
        if held:
            environ[HOLD_ANSWER](held)
        conn.sock.sendall(b"HTTP/1.1 429")
        return []

    begin: Any = None
    receiving.let_answers_be_held(application)(environ, begin)
    finished: Future[bool] = Future()
    finished.set_result(True)
    door.worker.finish_request(conn, finished)


def test_bf_16_a_held_answer_waits_without_a_thread_and_those_beyond_a_quarter_do_not(door: Door) -> None:
    clients = [door.come(f"127.0.5.{n}", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") for n in range(1, MOST // 4 + 3)]
    by_home = {each.client[0]: each for each in door.worker._taken}
    conns = [by_home[each.getsockname()[0]] for each in clients]
    for conn in conns[:-1]:
        answer(door, conn, held=3600)
    answer(door, conns[-1], held=0)
    door.turn()
    assert [door.answers(each) for each in clients] == [b""] * (MOST // 4) + [b"HTTP/1.1 429"] * 2
    conns[0].sock.held_until = 1.0  # long ago
    door.turn()
    assert [door.answers(each) for each in clients] == [b"HTTP/1.1 429"] + [b""] * (MOST // 4 + 1)
    assert conns[0] in door.worker.keepalived_conns
    door.worker.alive = False  # it ends: nothing is held any more
    door.turn()
    assert [door.answers(each) for each in clients[1 : MOST // 4]] == [b"HTTP/1.1 429"] * (MOST // 4 - 1)


def send_whole(door: Door, home: str) -> bytes:
    """A picture of a megabyte; what is said to it."""
    client = door.come(home, PICTURE)
    client.setblocking(False)
    body = memoryview(b"x" * 1_000_000)
    for _ in range(500):
        try:
            body = body[client.send(body) :] if body else body
        except BlockingIOError:
            pass
        except OSError:
            break
        door.turn()
        if taken(door, home) or (said := door.answers(client)):
            return b"" if taken(door, home) else said
    raise AssertionError("it never arrived")


def taken(door: Door, home: str) -> bool:
    found: set[Connection] = door.worker._taken
    return any(each.client[0] == home for each in found)
