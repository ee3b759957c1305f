"""The state of the outbox: what waits, for how long, and whether anybody delivers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from vestibule.courier.allowances import UNSENT_REASONS
from vestibule.courier.delivery import REFUSES_US_PREFIX
from vestibule.courier.leases import due_filter
from vestibule.courier.models import Message, State

# Reasons for which a message is abandoned as intended. Any other reason is a failure of a transport.
_EXPECTED_ENDINGS = (*UNSENT_REASONS, "superseded", "expired", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """`waiting` messages by state; the age of the oldest of them; and for how long the longest due has been overdue,
    which is zero if a worker takes each message when it is due."""

    waiting: dict[str, int]
    oldest_seconds: float
    overdue_seconds: float


def measure_backlog(now: datetime) -> Backlog:
    """Measure the outbox at that moment, by two short queries over the partial index of waiting rows."""
    open_states = (State.QUEUED, State.SENDING)
    rows = Message.objects.filter(state__in=open_states).values_list("state").annotate(Count("pk"), Min("created_at"))
    by_state = {state: (count, first) for state, count, first in rows}
    longest_due = Message.objects.filter(due_filter(now)).aggregate(first=Min("due_at"))["first"]
    return Backlog(
        waiting={str(state): by_state[state][0] if state in by_state else 0 for state in open_states},
        oldest_seconds=_seconds_since(min((first for _, first in by_state.values()), default=None), now),
        overdue_seconds=_seconds_since(longest_due, now),
    )


def count_sender_refusals() -> dict[str, int]:
    """Count the waiting messages for which a transport refused us or the message rather than the address, by its last
    answer."""
    waiting = Message.objects.filter(state__in=(State.QUEUED, State.SENDING), trouble__startswith=REFUSES_US_PREFIX)
    by_trouble = waiting.values_list("trouble").annotate(Count("pk"))
    return {trouble.removeprefix(REFUSES_US_PREFIX): count for trouble, count in by_trouble}


def count_given_up(now: datetime, within: timedelta) -> int:
    """Count the messages that were abandoned within that time because no transport accepted them."""
    lately = Message.objects.filter(state=State.ABANDONED, ended_at__gt=now - within)
    return lately.exclude(trouble__in=_EXPECTED_ENDINGS).count()


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
