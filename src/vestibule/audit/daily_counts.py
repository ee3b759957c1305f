"""Daily counts of what is too frequent for a row each. They are kept in memory and written in intervals, so that a
flood of refusals causes no flood of writes."""

from collections import Counter
from datetime import date, datetime, timedelta
from threading import Lock

import structlog
from django.db import Error
from django.db.models import F

from vestibule.audit.models import DayTally
from vestibule.storage import database
from vestibule.storage.database import atomic

WRITE_INTERVAL = timedelta(seconds=10)  # at least, between two writes of a process

CountKey = tuple[date, str, str]  # day, event, code

log = structlog.get_logger("vestibule.audit")


class DailyCounter:
    """The counts of this process that are not written yet."""

    def __init__(self) -> None:
        self._counts: Counter[CountKey] = Counter()
        self._lock = Lock()
        self._written_at: datetime | None = None

    def count_event(self, name: str, code: str, now: datetime) -> None:
        """Count one more. The first after a quiet interval is written at once, those of a flood together every ten
        seconds."""
        with self._lock:
            self._counts[(now.date(), name, code)] += 1
            due = self._written_at is None or not timedelta() <= now - self._written_at < WRITE_INTERVAL
            due = due and not database.connection().in_atomic_block  # a rollback would lose it
            if due:
                self._written_at = now
        if due:
            self.flush()

    def flush(self) -> None:
        """Write the remaining counts: before they are read, with each sweep of this process, and at its end."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        if not taken:
            return
        try:
            with atomic():
                for key in sorted(taken):  # in the same order in all processes, so that no deadlock is possible
                    _add_to_day(key, taken[key])
        except Error as error:  # kept for the next time: counting must not fail a request
            log.warning("tallies.unwritten", error=type(error).__name__)
            with self._lock:
                self._counts.update(taken)

    def reset(self) -> None:
        """Drop all counts (for tests)."""
        with self._lock:
            self._counts, self._written_at = Counter(), None


daily_counter = DailyCounter()


def _add_to_day(key: CountKey, count: int) -> None:
    day, name, code = key
    row = DayTally.objects.filter(day=day, name=name, code=code)
    if not row.update(count=F("count") + count):
        DayTally.objects.bulk_create([DayTally(day=day, name=name, code=code)], ignore_conflicts=True)
        row.update(count=F("count") + count)
