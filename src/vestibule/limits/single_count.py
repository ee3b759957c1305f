"""One count of the ledger, counted or taken back by one statement of PostgreSQL, whatever it holds. `ledger` does the
same in several, for many counts at once and for SQLite."""

import json
from datetime import datetime

from vestibule.limits.rolling_window import Allowance
from vestibule.storage import database
from vestibule.storage.rows import write_row

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
_TAKE_BACK = """\
UPDATE vestibule_limit_tally SET
    moments = coalesce(moments - (
        SELECT CAST(place - 1 AS int) FROM jsonb_array_elements(moments) WITH ORDINALITY AS each(at, place)
        WHERE at = CAST(%s AS jsonb) ORDER BY place LIMIT 1
    ), moments),
    streak = CASE WHEN %s OR streak = 0 THEN 0 ELSE streak - 1 END, touched_at = %s
WHERE scope = %s AND key = %s
"""


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
