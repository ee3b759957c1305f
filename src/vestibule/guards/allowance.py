"""So many in so long: the arithmetic of rolling windows, in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

FOREVER = 365 * 24 * 3600  # seconds; told where only another proof opens the way again


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """At most so many in each rolling window, and so many in a row (None: no bound)."""

    windows: Sequence[tuple[int, timedelta]]
    in_a_row: int | None = None

    def wait(self, moments: Sequence[int], streak: int, now: int) -> int:
        """Seconds until one more fits; 0 when it fits now."""
        if self.in_a_row is not None and streak >= self.in_a_row:
            return FOREVER
        waits = [0]
        for most, window in self.windows:
            span = int(window.total_seconds())
            recent = sorted(moment for moment in moments if moment > now - span)
            if len(recent) >= most:
                waits.append(recent[len(recent) - most] + span - now)
        return max(waits)

    @property
    def memory(self) -> int:
        """Seconds for which a moment matters."""
        return max((int(window.total_seconds()) for _, window in self.windows), default=0)


UNBOUNDED = Allowance(windows=())
