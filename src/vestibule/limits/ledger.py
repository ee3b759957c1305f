"""The ledger: exact counts that survive a restart, a flushed Redis and any race (wrong codes, messages per address).

Rates slow clients down and live in memory or Redis. The ledger bounds what they can do and lives in the database: one
row for each key, locked while it is read and written. Windows roll: no time is forgotten before the longest window has
passed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from vestibule.limits import ledger_statements
from vestibule.limits.ledger_statements import Row
from vestibule.limits.models import Tally
from vestibule.limits.rolling_window import UNBOUNDED, Allowance
from vestibule.storage import database
from vestibule.storage.database import atomic
from vestibule.storage.prepared import PreparedQuery

MOST_IN_A_ROW = 100  # failures (SP 800-63B-4, 3.2.2)

# What happens to an existing row: a lock, the new count.
_ON_CONFLICT_LOCK = "UPDATE SET touched_at = excluded.touched_at"
_ON_CONFLICT_REPLACE = "UPDATE SET moments = excluded.moments, streak = excluded.streak"
_TALLY = PreparedQuery(Tally.objects.all(), "scope", "key")


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted (`scope`), for whom (`key`), how much fits (`allowance`), and the stored values."""

    scope: str
    key: bytes
    allowance: Allowance
    moments: tuple[int, ...] = ()
    streak: int = 0

    def seconds_until_free(self, moment: int) -> int:
        """Return the seconds until one more fits."""
        return self.allowance.seconds_until_free(self.moments, self.streak, moment)

    def with_one_more(self, moment: int) -> "Count":
        """Return the count after one more. Times that no window covers are dropped."""
        kept = (each for each in self.moments if each > moment - self.allowance.memory_seconds)
        runs = self.allowance.most_in_a_row is not None or self.allowance.delay is not None
        return replace(self, moments=(*kept, moment), streak=self.streak + runs)

    def with_one_less(self, moment: int) -> "Count":
        """Return the count without one of that time, which may have been dropped already."""
        kept = list(self.moments)
        if moment in kept:
            kept.remove(moment)
        return replace(self, moments=tuple(kept), streak=max(0, self.streak - 1))

    @property
    def scope_and_key(self) -> tuple[str, bytes]:
        """The key of its row."""
        return self.scope, self.key

    @property
    def table_row(self) -> Row:
        """Its values as a row of the table."""
        return self.scope, self.key, str([*self.moments]), self.streak  # as JSON writes whole numbers


@dataclass(frozen=True, slots=True)
class Spent:
    """The result of counting: the seconds to `wait` (0: it was counted), the `counts` as they are now, and which scopes
    are `full` for how long."""

    wait: int
    counts: tuple[Count, ...] = ()
    full: tuple[tuple[str, int], ...] = ()


def spend(scope: str, key: bytes, now: datetime, allowance: Allowance) -> int:
    """Count one if it fits and return 0; else count nothing and return the seconds to wait. The statements are the same
    for a key that is new, one that has nothing counted, and one that has room."""
    at_once = allowance.is_of_windows and ledger_statements.is_supported()
    if at_once and ledger_statements.count_if_it_fits(scope, key, now, allowance):
        return 0
    return spend_all(now, Count(scope, key, allowance)).wait


def spend_all(now: datetime, *counts: Count) -> Spent:
    """Count one of each if all fit, else nothing.

    Two statements for any number of counts: one reads them, one writes those that have not changed since. If another
    process changed one, and in a transaction, which would keep the rows locked, they are locked first and then read.
    """
    moment = int(now.timestamp())
    counted: set[tuple[str, bytes]] = set()
    if not database.connection().in_atomic_block:
        seen = _read_counts(counts)
        if wait := max(each.seconds_until_free(moment) for each in seen):
            return Spent(wait, full=_full_scopes(seen, moment))
        after = [each.with_one_more(moment) for each in seen]
        counted = _write_if_unchanged(seen, after, now)
        if len(counted) == len(counts):
            return Spent(0, tuple(after))
    with atomic(savepoint=False):
        held = _lock_counts(counts, now)
        before = [
            each.with_one_less(moment) if each.scope_and_key in counted and moment in each.moments else each
            for each in held
        ]
        if wait := max(each.seconds_until_free(moment) for each in before):
            if before != held:
                _upsert_counts(before, now, _ON_CONFLICT_REPLACE)
            return Spent(wait, full=_full_scopes(before, moment))
        after = [each.with_one_more(moment) for each in before]
        _upsert_counts(after, now, _ON_CONFLICT_REPLACE)
    return Spent(0, tuple(after))


def give_back(scope: str, key: bytes, now: datetime, *, proved: bool) -> None:
    """Take back what was counted at `now`; `proved` ends the streak, too. On PostgreSQL one statement, on SQLite if
    nothing else is counted."""
    if ledger_statements.is_supported():
        ledger_statements.take_back(scope, key, now, proved=proved)
        return
    if _clear_if_only_one(scope, key, now, proved=proved):
        return
    moment = int(now.timestamp())
    with atomic(savepoint=False):
        [held] = _lock_counts([Count(scope, key, UNBOUNDED)], now)
        less = held.with_one_less(moment)
        _upsert_counts([replace(less, streak=0) if proved else less], now, _ON_CONFLICT_REPLACE)


def settle_counts(counted: Sequence[Count], now: datetime, *, ended: Sequence[Count]) -> None:
    """Reset those that `ended`, and take back one of each other that was `counted` at `now` (as `spend_all` returned
    them), in the caller's transaction. On PostgreSQL one statement, on SQLite if nothing else was counted since."""
    moment, whose = int(now.timestamp()), {each.scope_and_key for each in ended}
    after = [
        replace(each, moments=(), streak=0) if each.scope_and_key in whose else each.with_one_less(moment)
        for each in counted
    ]
    if ledger_statements.is_supported():
        ledger_statements.settle([each.table_row for each in _in_lock_order(after)], now, ended=whose)
        return
    written = _write_if_unchanged(counted, after, now)
    changed = [each for each in counted if each.scope_and_key not in written]
    if runs := [each.scope_and_key for each in changed if each.scope_and_key in whose]:
        reset_counts(*runs)
    for each in changed:
        if each.scope_and_key not in whose:
            give_back(each.scope, each.key, now, proved=False)


def seconds_until_free(scope: str, key: bytes, now: datetime, allowance: Allowance) -> int:
    """Return the seconds until one more fits; 0 if it fits now. Counts nothing."""
    tally = _TALLY.first(scope, key)
    return allowance.seconds_until_free(tally.moments, tally.streak, int(now.timestamp())) if tally else 0


def seconds_until_all_free(now: datetime, *counts: Count) -> int:
    """Return the seconds until one of each fits; 0 if they fit now. Counts nothing."""
    return max(each.seconds_until_free(int(now.timestamp())) for each in _read_counts(counts))


def count_recent(scope: str, key: bytes, now: datetime, allowance: Allowance) -> int:
    """Return how many were counted within the longest window."""
    tally, moment = _TALLY.first(scope, key), int(now.timestamp())
    return sum(kept > moment - allowance.memory_seconds for kept in tally.moments) if tally else 0


def current_streak(scope: str, key: bytes) -> int:
    """Return how many came in a row."""
    tally = _TALLY.first(scope, key)
    return tally.streak if tally else 0


def reset_counts(*whose: tuple[str, bytes]) -> None:
    """Reset these counts (scope, key). The rows remain, so that a process that read them before finds them changed
    instead of writing its old values. They are locked in the common order."""
    rows = ", ".join(["(%s, %s)"] * len(whose))
    found = f"SELECT id FROM vestibule_limit_tally WHERE (scope, key) IN (VALUES {rows})"  # noqa: S608 - placeholders
    connection = database.connection()
    if connection.vendor == "postgresql":
        found += ' ORDER BY scope COLLATE "C", key FOR UPDATE'
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE vestibule_limit_tally SET moments = '[]', streak = 0 WHERE id IN ({found})",  # noqa: S608 - ours
            [part for each in whose for part in each],
        )


def delete_counts(key: bytes) -> None:
    """Delete everything counted for this key."""
    Tally.objects.filter(key=key).delete()


def idle_tallies(before: datetime) -> QuerySet[Tally]:
    """Return the tallies without a streak that were not touched since."""
    return Tally.objects.filter(touched_at__lt=before, streak=0)


def broken_off_streaks(before: datetime) -> QuerySet[Tally]:
    """Return the tallies whose streak was not continued since. A streak that reached MOST_IN_A_ROW stays."""
    return Tally.objects.filter(touched_at__lt=before, streak__gt=0, streak__lt=MOST_IN_A_ROW)


def _full_scopes(counts: Sequence[Count], moment: int) -> tuple[tuple[str, int], ...]:
    return tuple((each.scope, each.seconds_until_free(moment)) for each in counts if each.seconds_until_free(moment))


def _read_counts(counts: Sequence[Count]) -> list[Count]:
    """Return the counts with their stored values, without locking them."""
    places = ", ".join(["(%s, %s)"] * len(counts))
    with database.connection().cursor() as cursor:
        cursor.execute(
            "SELECT scope, key, moments, streak FROM vestibule_limit_tally"  # noqa: S608 - placeholders
            f" WHERE (scope, key) IN (VALUES {places})",
            [part for each in counts for part in each.scope_and_key],
        )
        return _with_stored_values(cursor.fetchall(), counts)


def _write_if_unchanged(seen: Sequence[Count], after: Sequence[Count], now: datetime) -> set[tuple[str, bytes]]:
    """Write the `after` values of those counts that still have their `seen` values, and return their keys."""
    unchanged = ", ".join(["(%s, %s, %s, %s)"] * len(seen))
    change = (
        f"{_ON_CONFLICT_REPLACE}, touched_at = excluded.touched_at WHERE (counted.scope, counted.key,"
        f" CAST(counted.moments AS text), counted.streak) IN (VALUES {unchanged})"
    )
    rows = _upsert_counts(_in_lock_order(after), now, change, *(part for each in seen for part in each.table_row))
    return {(scope, bytes(key)) for scope, key, *_ in rows}


def _lock_counts(counts: Sequence[Count], now: datetime) -> list[Count]:
    """Lock the counts' rows, creating missing ones, and return the counts with their stored values."""
    return _with_stored_values(_upsert_counts(_in_lock_order(counts), now, _ON_CONFLICT_LOCK), counts)


def _in_lock_order(counts: Sequence[Count]) -> list[Count]:
    """Return the counts in the order in which rows are locked everywhere, so that no deadlock is possible."""
    return sorted(counts, key=lambda each: each.scope_and_key)


def _with_stored_values(rows: Sequence[Row], counts: Sequence[Count]) -> list[Count]:
    found = {(scope, bytes(key)): (tuple(json.loads(moments)), streak) for scope, key, moments, streak in rows}
    stands = [(each, *found.get(each.scope_and_key, ((), 0))) for each in counts]
    return [replace(each, moments=moments, streak=streak) for each, moments, streak in stands]


def _clear_if_only_one(scope: str, key: bytes, now: datetime, *, proved: bool) -> bool:
    """Take back what was counted at `now` if nothing else is counted. Return whether it was."""
    streak = "0" if proved else "CASE WHEN streak > 0 THEN streak - 1 ELSE 0 END"
    connection = database.connection()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE vestibule_limit_tally SET moments = '[]', streak = {streak}, touched_at = %s"  # noqa: S608 - ours
            " WHERE scope = %s AND key = %s AND moments = %s",
            [connection.ops.adapt_datetimefield_value(now), scope, key, json.dumps([int(now.timestamp())])],
        )
        return bool(cursor.rowcount)


def _upsert_counts(counts: Sequence[Count], now: datetime, change: str, *more: str | bytes | int) -> list[Row]:
    """Insert or change all rows in one statement: `change` applies to existing rows, `more` are its parameters."""
    connection = database.connection()
    touched_at = connection.ops.adapt_datetimefield_value(now)
    values = [(*each.table_row, touched_at) for each in counts]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vestibule_limit_tally AS counted (scope, key, moments, streak, touched_at) VALUES "  # noqa: S608 - ours
            + ", ".join(["(%s, %s, %s, %s, %s)"] * len(values))
            + f" ON CONFLICT (scope, key) DO {change} RETURNING scope, key, moments, streak",
            [*(part for row in values for part in row), *more],
        )
        return list(cursor.fetchall())
