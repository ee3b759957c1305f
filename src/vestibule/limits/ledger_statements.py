"""Counts of the ledger that are counted or taken back by one statement of PostgreSQL, whatever they hold. `ledger` does
the same in several, for many that are counted at once and for SQLite."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from vestibule.limits.rolling_window import Allowance
from vestibule.storage import database
from vestibule.storage.rows import write_row

Key = tuple[str, bytes]  # scope and key of a count
Row = tuple[str, bytes, str, int]  # those, its moments as JSON, and its streak

_COUNT = """\
INSERT INTO vestibule_limit_tally AS counted (scope, key, moments, streak, touched_at)
VALUES (%s, %s, CAST(%s AS jsonb), %s, %s)
ON CONFLICT (scope, key) DO UPDATE SET
    moments = coalesce((
        SELECT jsonb_agg(at ORDER BY place)
        FROM jsonb_array_elements(counted.moments) WITH ORDINALITY AS each(at, place) WHERE CAST(at AS bigint) > %s
    ), '[]') || excluded.moments,
    streak = counted.streak + excluded.streak, touched_at = excluded.touched_at
WHERE (%s OR counted.streak < %s)
"""
_IF_WINDOW_HAS_ROOM = """\
AND (SELECT count(*) FROM jsonb_array_elements(counted.moments) AS each(at) WHERE CAST(at AS bigint) > %s) < %s
"""
_WITHOUT_MOMENT = """\
coalesce(counted.moments - (
    SELECT CAST(place - 1 AS int) FROM jsonb_array_elements(counted.moments) WITH ORDINALITY AS each(at, place)
    WHERE at = CAST(%s AS jsonb) ORDER BY place LIMIT 1
), counted.moments)"""
_TAKE_BACK = f"""\
UPDATE vestibule_limit_tally AS counted SET moments = {_WITHOUT_MOMENT},
    streak = CASE WHEN %s OR streak = 0 THEN 0 ELSE streak - 1 END, touched_at = %s
WHERE scope = %s AND key = %s
"""  # noqa: S608 - ours


def is_supported() -> bool:
    """Return whether the database has these statements."""
    return database.connection().vendor == "postgresql"


def count_if_it_fits(scope: str, key: bytes, now: datetime, allowance: Allowance) -> bool:
    """Count one if it fits in an allowance without a delay, and return whether it was counted. Of many at once each
    waits for the row of the one before it."""
    moment, most_in_a_row = int(now.timestamp()), allowance.most_in_a_row
    sql = _COUNT + _IF_WINDOW_HAS_ROOM * len(allowance.windows)
    with database.connection().cursor() as cursor:
        cursor.execute(
            sql,
            [
                *(scope, key, json.dumps([moment]), int(most_in_a_row is not None), now),
                *(moment - allowance.memory_seconds, most_in_a_row is None, most_in_a_row or 0),
                *(part for most, window in allowance.windows for part in (moment - int(window.total_seconds()), most)),
            ],
        )
        return bool(cursor.rowcount)


def take_back(scope: str, key: bytes, now: datetime, *, proved: bool) -> None:
    """Take back what was counted at `now`, if it is still there; `proved` ends the streak, too. Within
    `inserted_together` it is one statement with the rows."""
    write_row(_TAKE_BACK, [json.dumps(int(now.timestamp())), proved, now, scope, key])


def settle(after: Sequence[Row], now: datetime, *, ended: Collection[Key]) -> None:
    """Reset those of the counts that `ended`, and take back from each other what was counted at `now`; one that was
    deleted since is as it would have been `after` it. Within `inserted_together` it is one statement with the rows. The
    rows come in the common order of locks."""
    ends, whose = ", ".join(["(%s, %s)"] * len(ended)), [part for each in ended for part in each]
    has_ended = f"(counted.scope, counted.key) IN (VALUES {ends})"
    sql = f"""\
INSERT INTO vestibule_limit_tally AS counted (scope, key, moments, streak, touched_at)
VALUES {", ".join(["(%s, %s, CAST(%s AS jsonb), %s, %s)"] * len(after))}
ON CONFLICT (scope, key) DO UPDATE SET
    moments = CASE WHEN {has_ended} THEN '[]' ELSE {_WITHOUT_MOMENT} END,
    streak = CASE WHEN counted.streak = 0 OR {has_ended} THEN 0 ELSE counted.streak - 1 END,
    touched_at = excluded.touched_at
"""  # noqa: S608 - placeholders
    rows = [part for row in after for part in (*row, now)]
    write_row(sql, [*rows, *whose, json.dumps(int(now.timestamp())), *whose])
