"""So many in so long: the arithmetic of rolling windows, in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

FOREVER = 365 * 24 * 3600  # seconds; told where only another proof opens the way again


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingDelay:
    """From so many in a row on, each next one waits: `first`, then twice as long each time, `longest` at most."""

    after: int
    first: timedelta
    longest: timedelta

    def seconds_after(self, streak: int) -> int:
        """Seconds to wait after the newest of so many in a row."""
        if streak < self.after:
            return 0
        doublings = min(streak - self.after, 32)
        return int(min(self.first * 2**doublings, self.longest).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """At most so many in each rolling window, and so many in a row (None: no bound), with a growing delay. Where the
    windows are full, one more fits so long `after` the last (None: it does not)."""

    windows: Sequence[tuple[int, timedelta]] = ()
    most_in_a_row: int | None = None
    delay: GrowingDelay | None = None
    after: timedelta | None = None

    def seconds_until_free(self, moments: Sequence[int], streak: int, now: int) -> int:
        """Seconds until one more fits; 0 when it fits now."""
        if self.most_in_a_row is not None and streak >= self.most_in_a_row:
            return FOREVER
        waits = [0]
        if self.delay and moments:
            waits.append(max(moments) + self.delay.seconds_after(streak) - now)
        for most, window in self.windows:
            span = int(window.total_seconds())
            recent = sorted(moment for moment in moments if moment > now - span)
            if len(recent) >= most:
                waits.append(recent[len(recent) - most] + span - now)
        if self.after and moments:
            return min(max(waits), max(0, max(moments) + int(self.after.total_seconds()) - now))
        return max(waits)

    @property
    def memory_seconds(self) -> int:
        """Seconds for which a moment matters."""
        longest = self.delay.longest.total_seconds() if self.delay else 0
        return max([int(longest), *(int(window.total_seconds()) for _, window in self.windows)])


UNBOUNDED = Allowance()
