"""A value that is expensive to make and the same for everybody: made by one thread at a time, kept for a while."""

from collections.abc import Callable
from math import inf
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """What `make` returned, at most `keep_for` seconds ago.

    While one thread makes it anew, the others get the value of before, for `stale_for` seconds more; after that, and
    the first time, they wait. An exception of `make` goes to its caller, and the next one tries again.
    """

    def __init__(self, make: Callable[[], T], *, keep_for: float = inf, stale_for: float = 0) -> None:
        self._make, self._keep_for, self._stale_for = make, keep_for, stale_for
        self._lock = Lock()
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        """The value; made now where there is none that is young enough."""
        if kept := self._younger_than(self._keep_for):
            return kept[1]
        stale = self._younger_than(self._keep_for + self._stale_for)
        if stale and self._lock.locked():
            return stale[1]
        with self._lock:
            kept = self._younger_than(self._keep_for)
            if kept is None:
                kept = self._kept = monotonic(), self._make()
            return kept[1]

    def invalidate(self) -> None:
        """Make it anew next time."""
        self._kept = None

    def _younger_than(self, seconds: float) -> tuple[float, T] | None:
        kept = self._kept
        return kept if kept and monotonic() - kept[0] < seconds else None
