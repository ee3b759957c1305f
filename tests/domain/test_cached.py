"""Values that are made once for many: how long they count, and who waits for whom."""

from collections.abc import Callable
from threading import Event, Thread

import pytest

from vestibule.kernel import cached
from vestibule.kernel.cached import Cached


class Clock:
    """A clock that a test sets; `read` is set whenever another thread looks at it."""

    def __init__(self) -> None:
        self.now, self.read = 100.0, Event()

    def __call__(self) -> float:
        self.read.set()
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(cached, "monotonic", clock := Clock())
    return clock


def counting() -> Callable[[], int]:
    """One more each time that it is called."""
    made = iter(range(1, 100))
    return lambda: next(made)


def test_a_value_counts_for_so_long(clock: Clock) -> None:
    value = Cached(counting(), keep_for=5)
    assert (value.peek(), value.get()) == (None, 1)
    clock.now += 4
    assert (value.get(), value.get_younger_than(4), value.get()) == (1, 2, 2)
    clock.now += 5
    assert (value.peek(), value.get()) == (2, 3)


def test_all_that_may_age_is_reset_at_once() -> None:
    ageing, for_ever = Cached(counting(), keep_for=5), Cached(counting())
    assert (ageing.get(), for_ever.get()) == (1, 1)
    cached.reset_all()
    assert (ageing.get(), for_ever.get()) == (2, 1)
    for_ever.invalidate()
    assert for_ever.get() == 2


class Slow:
    """What is made when the test says so; it fails while `broken`."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.calls, self.broken = Event(), Event(), 0, False

    def __call__(self) -> int:
        self.calls += 1
        self.begun.set()
        self.go_on.wait(5)
        if self.broken:
            raise ConnectionError
        return self.calls


def asking(value: Cached[[], int]) -> tuple[Thread, list[object]]:
    """A thread that wants the value, and what it got."""
    got: list[object] = []

    def ask() -> None:
        try:
            got.append(value.get())
        except ConnectionError as error:
            got.append(type(error))

    thread = Thread(target=ask)
    thread.start()
    return thread, got


@pytest.mark.parametrize("broken", [False, True])
def test_who_waits_gets_what_the_first_got(clock: Clock, broken: bool) -> None:
    make = Slow()
    make.broken = broken
    value = Cached(make, keep_for=5)
    first, got = asking(value)
    make.begun.wait(5)
    clock.read.clear()
    second, also_got = asking(value)
    clock.read.wait(5)  # it has asked
    clock.now += 1
    make.go_on.set()
    for thread in (first, second):
        thread.join(5)
    assert got == also_got == [ConnectionError if broken else 1]
    assert make.calls == 1
    make.broken = False
    assert value.get() == (2 if broken else 1)  # who comes later tries again


def test_while_it_is_made_anew_the_old_one_serves(clock: Clock) -> None:
    make = Slow()
    make.go_on.set()
    value = Cached(make, keep_for=5, stale_for=5)
    assert value.get() == 1
    clock.now += 5
    make.begun.clear()
    make.go_on.clear()
    thread, got = asking(value)
    make.begun.wait(5)
    assert value.get() == 1
    make.go_on.set()
    thread.join(5)
    assert (got, value.get()) == ([2], 2)
