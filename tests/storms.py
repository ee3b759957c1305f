"""Storms whose moments are known: all slots are held by the test, so that whoever asks for dear work waits, or is
refused, until it lets go."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest
from django.db import connections
from django.utils import timezone

from tests.configured import inside
from tests.servers import until
from tests.world import Api, Http, Reply
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.limits.admission import HASH, WorkKind, admission


class Crowd:
    """So many at once, each doing the same in a thread of their own."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self._threads: list[Thread] = []
        self._before: int | None = None

    def send(self, act: Callable[[int], Reply], times: int) -> list[Reply]:
        """Start them; come back when each waits for a slot or was answered: the answers so far."""

        def one(number: int) -> None:
            try:
                self.replies.append(act(number))
            finally:
                connections.close_all()

        if self._before is None:
            self._before = admission.places.places_used
        before = self._before
        began = [Thread(target=one, args=(number,)) for number in range(times)]
        for thread in began:
            thread.start()
        self._threads += began
        until(lambda: len(self.replies) + admission.places.places_used - before == len(self._threads), "the crowd")
        return list(self.replies)

    def end(self) -> list[Reply]:
        """All that was answered."""
        for thread in self._threads:
            thread.join()
        return self.replies


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, work: WorkKind = HASH) -> Iterator[Callable[[], None]]:
    """Every slot of this work is held, until what is yielded is called; whoever waits does so for long enough."""
    monkeypatch.setattr(inside(admission), "slot_wait", 60)
    holding, go_on = Event(), Event()

    def hold() -> None:
        with admission.attribute_work_to(Client.for_system("test", timezone.now())), ExitStack() as stack:
            for _ in range(conf.hashing_slots if work is HASH else 1):
                stack.enter_context(admission.hold_slot(work))
            holding.set()
            assert go_on.wait(60)

    holder = Thread(target=hold)
    holder.start()
    try:
        assert holding.wait(60)
        yield go_on.set
    finally:
        go_on.set()
        holder.join()


def at(address: str) -> Api:
    """A person at the API, whose requests come from there."""
    return Api(Http(REMOTE_ADDR=address, raise_request_exception=False))
