"""A cached value that is expensive to make and the same for all callers; one thread at a time makes it."""

from collections.abc import Callable
from math import inf
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """Caches what `make` returned for `keep_for` seconds.

    While one thread makes the value anew, the others get the old one for `stale_for` more seconds; after that, and the
    first time, they wait. An exception of `make` goes to its caller, and the next caller tries again.
    """

    def __init__(self, make: Callable[[], T], *, keep_for: float = inf, stale_for: float = 0) -> None:
        self._make, self._keep_for, self._stale_for = make, keep_for, stale_for
        self._lock = Lock()
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        """Return the value, made now if the cached one is too old."""
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
        """Make the value anew at the next call."""
        self._kept = None

    def _younger_than(self, seconds: float) -> tuple[float, T] | None:
        kept = self._kept
        return kept if kept and monotonic() - kept[0] < seconds else None
