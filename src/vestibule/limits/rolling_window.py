"""Arithmetic of rolling windows, in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

FOREVER = 365 * 24 * 3600  # seconds; returned where only another proof ends the wait


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingDelay:
    """After `after` events in a row each next one waits: `first`, then twice as long each time, at most `longest`."""

    after: int
    first: timedelta
    longest: timedelta

    def seconds_after(self, streak: int) -> int:
        """Return the seconds to wait after the newest of `streak` events in a row."""
        if streak < self.after:
            return 0
        doublings = min(streak - self.after, 32)
        return int(min(self.first * 2**doublings, self.longest).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """At most so many events in each rolling window and so many in a row (None: no bound), with a growing delay. When
    the windows are full, one more fits `after` that time since the last (None: it does not)."""

    windows: Sequence[tuple[int, timedelta]] = ()
    most_in_a_row: int | None = None
    delay: GrowingDelay | None = None
    after: timedelta | None = None

    def seconds_until_free(self, moments: Sequence[int], streak: int, now: int) -> int:
        """Return the seconds until one more fits; 0 if it fits now."""
        if self.most_in_a_row is not None and streak >= self.most_in_a_row:
            return FOREVER
        waits = [0]
        # Without a delay nobody waits for a moment that was counted by a clock that is ahead, or a second later.
        if self.delay and moments and (delay := self.delay.seconds_after(streak)):
            waits.append(max(moments) + delay - now)
        for most, window in self.windows:
            span = int(window.total_seconds())
            recent = sorted(moment for moment in moments if moment > now - span)
            if len(recent) >= most:
                waits.append(recent[len(recent) - most] + span - now)
        if self.after and moments:
            return min(max(waits), max(0, max(moments) + int(self.after.total_seconds()) - now))
        return max(waits)

    @property
    def is_of_windows(self) -> bool:
        """Whether windows and a run alone bound it."""
        return self.delay is None and self.after is None

    @property
    def memory_seconds(self) -> int:
        """The seconds for which an event matters."""
        longest = self.delay.longest.total_seconds() if self.delay else 0
        return max([int(longest), *(int(window.total_seconds()) for _, window in self.windows)])


UNBOUNDED = Allowance()
