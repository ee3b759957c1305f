"""Leases on due messages: one statement takes several, and one marks those that were sent (docs/decisions/0181).

Any number of workers take at once: none waits for another, and none takes what is leased. What was sent and not yet
marked when a worker is killed is sent again under the same id, when the lease has run out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from vestibule.courier.models import HTTP, Message, State
from vestibule.storage import database

LEASE = timedelta(seconds=60)  # longer than any transport's timeout, so that no two workers send one message
HELD_FOR = timedelta(seconds=2)  # then what was taken and not begun is given back

_TABLE = Message._meta.db_table
_TAKE = (
    f"WITH due AS (SELECT id FROM {_TABLE} WHERE channel {{kind}} '{HTTP}'"  # noqa: S608 - our names
    f" AND (state = '{State.QUEUED}' AND due_at <= %s OR state = '{State.SENDING}' AND leased_until <= %s)"
    " ORDER BY due_at LIMIT %s{skipping})"
    f" UPDATE {_TABLE} SET state = '{State.SENDING}', leased_until = %s, tries = tries + 1"
    " WHERE id IN (SELECT id FROM due) RETURNING *, EXISTS"
    # Not null must be said of the newer one: SQLite 3.40 takes a column of the row that it returns for not null.
    f" (SELECT 1 FROM {_TABLE} newer WHERE newer.topic IS NOT NULL AND newer.topic = {_TABLE}.topic"
    f" AND newer.created_at > {_TABLE}.created_at) AS is_superseded"
)
_SENT = f"state = '{State.SENT}', ended_at = %s, sealed = NULL, trouble = '', leased_until = NULL"
_QUEUED = f"state = '{State.QUEUED}', leased_until = NULL, tries = tries - 1"


def due_filter(now: datetime) -> Q:
    """Match messages that are queued and due, or whose worker's lease ran out."""
    return Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.SENDING, leased_until__lte=now)


def take_due_messages(now: datetime, until: datetime, *, limit: int, to_programs: bool = False) -> list[Message]:
    """Lease at most `limit` due messages to people, or to programs, the oldest, and count a try of each. Return them
    oldest first, whatever their channel: behind a slow mail server texts get their turn, too."""
    connection = database.connection()
    skipping = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    at, end = map(connection.ops.adapt_datetimefield_value, (now, until))
    take = _TAKE.format(kind="=" if to_programs else "<>", skipping=skipping)
    rows = Message.objects.db_manager(connection.alias).raw(take, [at, at, limit, end])
    return sorted(rows, key=lambda message: (message.due_at, message.id))


def mark_sent(messages: Sequence[Message], until: datetime, now: datetime) -> None:
    """Mark what was leased `until` then as sent, and wipe what it said."""
    _update_leased(messages, until, _SENT, now)


def give_back(messages: Sequence[Message], until: datetime) -> None:
    """Queue what was leased `until` then as if it had not been taken."""
    _update_leased(messages, until, _QUEUED)


def _update_leased(messages: Sequence[Message], until: datetime, sets: str, *moments: datetime) -> None:
    """Change the rows, unless another worker has taken them since the lease ran out."""
    connection = database.connection()
    ids = [Message._meta.pk.get_db_prep_value(message.id, connection) for message in messages]
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_TABLE} SET {sets} WHERE state = '{State.SENDING}' AND leased_until = %s"  # noqa: S608 - our names
            f" AND id IN ({places})",
            [*map(connection.ops.adapt_datetimefield_value, (*moments, until)), *ids],
        )
