"""The sign-up funnel of the last days: started, sent, delivered, confirmed, and what the others were lost to.

It is computed from rows that exist anyway. The messages of a sign-up carry its challenge's id (`topic`), and so does
the event of its account. Refusals at the edge are counted per day (`audit.daily_counts`), and so are days that are over
(`flows.staff.sign_up_counts`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from django.db.models import Min, Sum

from vestibule.addresses.address import Channel
from vestibule.audit import daily_counts, events
from vestibule.audit.models import AuditEvent, DayTally
from vestibule.courier.models import Message
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions, sign_up_counts
from vestibule.flows.staff.permissions import Permission
from vestibule.flows.staff.sign_up_counts import CODE_KINDS, STEPS, DayCounts
from vestibule.kernel.client import Client

DAYS_SHOWN = 30  # messages are kept for as long
MEDIAN_SAMPLE = 1000  # accounts, the newest, over which the median duration of a sign-up is taken
SIGN_UP_RULES = ("register_start", "register", "register_confirm", "register_resend", "anon")
# Why a sign-up got no further: the address has an account; its message was held back by a cap, or because the address
# had bounced; it still waits, or no transport accepted it; the owner said "this wasn't me". `_losses_by_cause` adds
# "came_back" (the mail bounced) and "silent" (delivered, but never confirmed).
LOSS_CAUSES = ("known", "capped", "bounced", "waiting", "failed", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCounts:
    """How many sign-ups reached each step; each step is a part of the one before. `sent`: a transport accepted the code
    or link. `delivered`: the message did not come back."""

    started: int = 0
    sent: int = 0
    delivered: int = 0
    confirmed: int = 0

    def __add__(self, other: "StepCounts") -> "StepCounts":
        return StepCounts(
            started=self.started + other.started,
            sent=self.sent + other.sent,
            delivered=self.delivered + other.delivered,
            confirmed=self.confirmed + other.confirmed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelDay:
    """The sign-ups that began on one day (UTC), by channel."""

    day: date
    by_channel: Mapping[str, StepCounts]

    @property
    def steps(self) -> StepCounts:
        """The sum over all channels."""
        return sum_steps(self.by_channel.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The last DAYS_SHOWN days, oldest first.

    `lost` counts sign-ups by cause. `refusals` counts refused confirmations by code. `throttled` counts requests that a
    rate refused, by rule. `blocked` counts messages that a cap or an earlier bounce held back. `median_seconds` is the
    time from the first message to the account, by channel, and under "" over all of the `timed` accounts.
    """

    days: list[FunnelDay]
    lost: Mapping[str, int]
    refusals: Mapping[str, int]
    throttled: Mapping[str, int]
    blocked: Mapping[str, int]
    median_seconds: Mapping[str, int]
    timed: int

    @property
    def steps(self) -> StepCounts:
        """The sum over all days."""
        return sum_steps(each.steps for each in self.days)


@flow("funnel.show")
def compute_funnel(*, client: Client) -> Funnel:
    """Return the funnel of the last DAYS_SHOWN days.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.LOOK)
    daily_counts.daily_counter.flush()
    today = client.at.date()
    first = today - timedelta(days=DAYS_SHOWN - 1)
    counted = sign_up_counts.count_last_days(first, today)
    days = [FunnelDay(day=day, by_channel=_steps_by_channel(counts)) for day, counts in counted.items()]
    lost = _losses_by_cause(sum_steps(each.steps for each in days), counted.values())
    medians, timed = _measure_medians(datetime.combine(first, time(), UTC))
    texts = {f"sms_{cap}": n for cap, n in _read_tallies(events.SMS_REFUSED.name, first).items()}
    return Funnel(
        days=days,
        lost=lost,
        refusals=_refusals_by_code(counted.values()),
        throttled=_read_tallies(events.RATE_EXCEEDED.name, first, SIGN_UP_RULES),
        blocked={**{cause: lost[cause] for cause in ("capped", "bounced") if lost[cause]}, **texts},
        median_seconds=medians,
        timed=timed,
    )


def sum_steps(steps: Iterable[StepCounts]) -> StepCounts:
    """Return the sum of these counts."""
    return sum(steps, StepCounts())


def _steps_by_channel(counts: DayCounts) -> dict[str, StepCounts]:
    began = [channel for channel in Channel.values if counts.get(("started", channel))]
    return {channel: StepCounts(**{step: counts.get((step, channel), 0) for step in STEPS}) for channel in began}


def _losses_by_cause(steps: StepCounts, days: Iterable[DayCounts]) -> dict[str, int]:
    """Count every sign-up that did not become an account under one cause."""
    causes = dict.fromkeys(LOSS_CAUSES, 0)
    for counts in days:
        for (what, _channel), count in counts.items():
            if what in causes:
                causes[what] += count
    silent = max(0, steps.delivered - steps.confirmed - causes["rejected"])
    return {"silent": silent, "came_back": steps.sent - steps.delivered, **causes}


def _refusals_by_code(days: Iterable[DayCounts]) -> dict[str, int]:
    """Count the refused confirmations by code."""
    found: dict[str, int] = {}
    for counts in days:
        for (what, code), count in counts.items():
            if what == "refused":
                found[code] = found.get(code, 0) + count
    return found


def _read_tallies(name: str, first: date, codes: Iterable[str] = ()) -> dict[str, int]:
    found = DayTally.objects.filter(day__gte=first, name=name)
    rows = (found.filter(code__in=codes) if codes else found).values("code").annotate(n=Sum("count"))
    return {row["code"]: row["n"] for row in rows.order_by("-n")}


def _measure_medians(since: datetime) -> tuple[dict[str, int], int]:
    """Return the median seconds from a sign-up's first message to its account, by channel and over all, and the sample
    size."""
    made = AuditEvent.objects.filter(name=events.ACCOUNT_REGISTERED.name, at__gte=since, challenge_id__isnull=False)
    newest = dict(made.order_by("-at").values_list("challenge_id", "at")[:MEDIAN_SAMPLE])
    begun = Message.objects.filter(topic__in=newest, kind__in=CODE_KINDS).values("topic", "channel")
    took: dict[str, list[float]] = {channel: [] for channel in ("", *Channel.values)}
    for row in begun.annotate(at=Min("created_at")):
        for channel in ("", row["channel"]):
            took[channel].append((newest[row["topic"]] - row["at"]).total_seconds())
    return {channel: round(median(seconds)) for channel, seconds in took.items() if seconds}, len(took[""])
