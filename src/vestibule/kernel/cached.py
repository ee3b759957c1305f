"""A cached value that is expensive to make and the same for all callers; one thread at a time makes it."""

from collections.abc import Callable
from math import inf, isfinite
from threading import Lock
from time import monotonic
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakSet

P = ParamSpec("P")
T = TypeVar("T")


class Cached(Generic[P, T]):
    """Caches what `make` returned for `keep_for` seconds.

    While one thread makes the value anew, the others get the old one for `stale_for` more seconds; after that, and the
    first time, they wait. If `make` raises, the threads that wait for it get its exception too, so that they do not
    wait for a hanging database one after the other; the next caller tries again.
    """

    def __init__(self, make: Callable[P, T], *, keep_for: float = inf, stale_for: float = 0) -> None:
        self._make, self._keep_for, self._stale_for = make, keep_for, stale_for
        self._lock = Lock()
        self._kept: tuple[float, T] | None = None
        self._failed: Exception | None = None
        if isfinite(keep_for):
            _ageing.add(self)

    def get(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the value, made now from these arguments if the cached one is too old."""
        return self.get_younger_than(self._keep_for, *args, **kwargs)

    def get_younger_than(self, seconds: float, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the value, made now from these arguments if the cached one is not younger than `seconds`."""
        asked, failed = monotonic(), self._failed
        if kept := self._younger_than(seconds):
            return kept[1]
        stale = self._younger_than(seconds + self._stale_for)
        if stale and self._lock.locked():
            return stale[1]
        with self._lock:
            if kept := self._younger_than(max(seconds, monotonic() - asked)):
                return kept[1]
            if self._failed and self._failed is not failed:  # failed while this thread waited
                raise self._failed
            began = monotonic()
            try:
                made = self._make(*args, **kwargs)
            except Exception as error:
                self._failed = error
                raise
            self._kept, self._failed = (began, made), None
            return made

    def peek(self) -> T | None:
        """Return the cached value, however old, or None if there is none."""
        kept = self._kept
        return kept[1] if kept else None

    def invalidate(self) -> None:
        """Make the value anew at the next call."""
        self._kept = None

    def _younger_than(self, seconds: float) -> tuple[float, T] | None:
        kept = self._kept
        return kept if kept and monotonic() - kept[0] < seconds else None


_ageing: WeakSet[Cached[Any, Any]] = WeakSet()


def reset_all() -> None:
    """Invalidate every value that is cached for a limited time, as if that time had passed (for tests)."""
    for each in list(_ageing):
        each.invalidate()
