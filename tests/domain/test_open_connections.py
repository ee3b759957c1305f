"""Of the processes that wait at one socket the one with fewer connections takes the next."""

import logging
import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from gunicorn.config import Config

from vestibule.service.server.gunicorn_server import TURNS_LEFT_TO_OTHERS, GracefulWorker, Server
from vestibule.service.server.open_connections import OpenConnections


class House:
    """Two processes' loops at one socket, a turn at a time, and the clients before it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=64)))
        self.listener.setblocking(False)
        self.counts = OpenConnections(2)
        self.first, self.second = (self._begin(place) for place in (0, 1))

    def _begin(self, place: int) -> GracefulWorker:
        worker: Any = GracefulWorker(0, os.getpid(), [], None, 30, Config(), logging.getLogger())
        worker.alive, worker.poller, worker.place = True, selectors.DefaultSelector(), place
        worker.open_connections = self.counts
        for each in (worker.poller, worker.tmp):
            self._stack.callback(each.close)
        worker.murder_pending()  # its first turn
        made: GracefulWorker = worker
        return made

    def accepts(self, worker: GracefulWorker) -> bool:
        """A turn of its loop while somebody waits at the socket."""
        accepted = worker.accept(self.listener)
        worker.murder_pending()
        return accepted

    def come(self, number: int = 1) -> None:
        """So many clients, who stay."""
        for _ in range(number):
            client = self._stack.enter_context(closing(socket.socket()))
            client.connect(self.listener.getsockname())


@pytest.fixture
def house() -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack)


def test_who_has_more_leaves_the_next_to_the_other(house: House) -> None:
    house.come(8)
    for _ in range(8):  # the first is always the one that is awake
        if not house.accepts(house.first):
            assert house.accepts(house.second)
    assert (house.first.nr_conns, house.second.nr_conns) == (4, 4)


def test_what_the_other_does_not_take_is_taken_all_the_same(house: House) -> None:
    house.come(2)
    assert house.accepts(house.first)
    assert not any(house.accepts(house.first) for _ in range(TURNS_LEFT_TO_OTHERS))
    assert house.accepts(house.first)
    assert house.first.nr_conns == 2


def test_the_turns_of_one_connection_do_not_count_for_the_next(house: House) -> None:
    house.come(2)
    assert house.accepts(house.first)
    assert not any(house.accepts(house.first) for _ in range(TURNS_LEFT_TO_OTHERS - 1))
    assert house.accepts(house.second)
    house.first.murder_pending()  # a turn at which nobody waits
    house.second.nr_conns -= 1
    house.second.murder_pending()
    house.come()
    assert not house.accepts(house.first)


def test_nothing_is_left_to_who_has_ended(house: House) -> None:
    house.come(3)
    house.second.alive = False
    house.second._accepting = True  # it was: gunicorn's own state
    house.second.set_accept_enabled(False)
    house.second.murder_pending()
    assert [house.accepts(house.first) for _ in range(3)] == [True] * 3


def test_an_end_takes_what_waits_whoever_has_fewer(house: House) -> None:
    """Once its socket is closed, nobody else could."""
    house.come(4)
    assert house.accepts(house.first)
    house.first.alive = False
    assert [house.accepts(house.first) for _ in range(3)] == [True] * 3


def test_a_process_too_many_takes_no_part(house: House) -> None:
    house.come(3)
    house.first.place = None
    assert [house.accepts(house.first) for _ in range(3)] == [True] * 3
    assert not house.counts.has_too_many(0)


def test_each_process_has_a_place_that_none_of_the_living_has(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Server().cfg
    monkeypatch.setattr(GracefulWorker, "open_connections", OpenConnections(2 * settings.WEB_PROCESSES), raising=False)
    living: dict[int, SimpleNamespace] = {}
    for pid in range(2 * settings.WEB_PROCESSES):
        config.pre_fork(SimpleNamespace(WORKERS=living), worker := SimpleNamespace())
        living[pid] = worker
    assert sorted(each.place for each in living.values()) == list(range(2 * settings.WEB_PROCESSES))
    config.pre_fork(SimpleNamespace(WORKERS=living), surplus := SimpleNamespace())
    assert surplus.place is None
    freed = living.pop(0)
    config.pre_fork(SimpleNamespace(WORKERS=living), following := SimpleNamespace())
    assert following.place == freed.place


def test_of_many_a_quarter_more_is_no_matter() -> None:
    counts = OpenConnections(2)
    assert not counts.has_too_many(7)  # nobody has begun
    counts.set_count(0, 40)
    counts.set_count(1, 60)
    assert not counts.has_too_many(50)
    assert counts.has_too_many(51)
    counts.remove_process(0)
    assert not counts.has_too_many(75)


def test_whether_any_process_accepts_is_known() -> None:
    counts = OpenConnections(2)
    assert not counts.has_processes()
    counts.set_count(1, 0)
    assert counts.has_processes()
    counts.end_process(1)
    assert not counts.has_processes()
    assert counts.is_ending(1)
    counts.remove_process(1)
    assert not counts.is_ending(1)
