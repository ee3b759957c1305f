"""What became of the sign-ups of the last days: started, sent, delivered, confirmed; and what they were lost to.

Told from what is kept: a sign-up's messages share its challenge's id (`topic`), and so does the event of its account.
Refusals at the edge are tallied by day (audit.tallies). Nothing is counted for this page alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from vestibule.audit import events, tallies
from vestibule.audit.models import AuditEvent, DayTally
from vestibule.courier import messages
from vestibule.courier.models import Channel, Feedback, Message, State
from vestibule.flows import staff
from vestibule.flows.flow import flow
from vestibule.flows.staff import Thing
from vestibule.kernel.client import Client

DAYS = 30  # messages are kept as long
SAMPLE = 1000  # of the newest accounts: the time that a sign-up takes is the median over them
CODES = [messages.REGISTRATION_CODE.name, messages.VERIFY_ADDRESS.name]
KNOWN = messages.ALREADY_REGISTERED.name
SIGN_UP_RULES = ("register_start", "register", "register_confirm", "register_resend", "anon")
_TOLD_REFUSALS = ("registration.confirm.refused", "pending_registration.confirm.refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How many sign-ups came so far; each step is part of the one before. `sent`: a transport took the code or link;
    `delivered`: and it did not come back."""

    started: int = 0
    sent: int = 0
    delivered: int = 0
    confirmed: int = 0

    def __add__(self, other: "Steps") -> "Steps":
        return Steps(
            started=self.started + other.started,
            sent=self.sent + other.sent,
            delivered=self.delivered + other.delivered,
            confirmed=self.confirmed + other.confirmed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The sign-ups that began on one day (in UTC), by channel."""

    day: date
    by_channel: Mapping[str, Steps]

    @property
    def steps(self) -> Steps:
        """Over all channels."""
        return total(self.by_channel.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The last DAYS days, oldest first. `lost`: sign-ups by what they were lost to; `refusals`: codes that were not
    right; `throttled`: requests that a rate refused, by rule; `blocked`: messages and texts that a cap or an earlier
    bounce held back; `median_seconds` from the first message to the account, by channel, and "" over all `timed`."""

    days: list[Day]
    lost: Mapping[str, int]
    refusals: Mapping[str, int]
    throttled: Mapping[str, int]
    blocked: Mapping[str, int]
    median_seconds: Mapping[str, int]
    timed: int

    @property
    def steps(self) -> Steps:
        """Over all days."""
        return total(each.steps for each in self.days)


@flow
def show(*, client: Client) -> Funnel:
    """The funnel of the last DAYS days. Raises Unauthenticated, NotAllowed, StepUpRequired, Unavailable."""
    staff.may(client, Thing.LOOK)
    tallies.notebook.write()
    first = client.at.date() - timedelta(days=DAYS - 1)
    since = datetime.combine(first, time(), UTC)
    days, causes = _days(first, since)
    medians, timed = _medians(since)
    return Funnel(
        days=days,
        lost=_lost(total(each.steps for each in days), causes, since),
        refusals=_refusals(since),
        throttled=_tallied(events.RATE_EXCEEDED.name, first, SIGN_UP_RULES),
        blocked=_blocked(first, since),
        median_seconds=medians,
        timed=timed,
    )


def total(steps: Iterable[Steps]) -> Steps:
    """All of them together."""
    return sum(steps, Steps())


def _begun(since: datetime) -> QuerySet[Message]:
    """The messages of the sign-ups; a sign-up has as many as it was sent again."""
    return Message.objects.filter(created_at__gte=since, kind__in=[*CODES, KNOWN], topic__isnull=False)


def _days(first: date, since: datetime) -> tuple[list[Day], dict[str, int]]:
    """Day by day, and how many sign-ups the known address, the mail that came back and the owner's "not me" ended."""
    work = AuditEvent.objects.filter(challenge_id=OuterRef("topic"))
    sent = Q(state=State.SENT, kind__in=CODES)
    refused = Q(feedback__in=[Feedback.BOUNCED, Feedback.COMPLAINED])
    rows: Iterable[Any] = (
        _begun(since)
        .annotate(
            day=TruncDate("created_at", tzinfo=UTC),
            done=Exists(work.filter(name=events.ACCOUNT_REGISTERED.name)),
            disowned=Exists(work.filter(name=events.REGISTRATION_REJECTED.name)),
        )
        .values("day", "channel")
        .annotate(
            started=_sign_ups(),
            sent=_sign_ups(sent),
            delivered=_sign_ups(sent & ~refused | sent & Q(done=True)),
            confirmed=_sign_ups(sent & Q(done=True)),
            known=_sign_ups(Q(kind=KNOWN)),
            rejected=_sign_ups(sent & ~refused & Q(disowned=True)),
        )
    )
    by_day: dict[date, dict[str, Steps]] = {first + timedelta(days=n): {} for n in range(DAYS)}
    causes = {"known": 0, "rejected": 0}
    for row in rows:
        fields = ("started", "sent", "delivered", "confirmed")
        by_day.setdefault(row["day"], {})[row["channel"]] = Steps(**{name: row[name] for name in fields})
        causes = {cause: count + row[cause] for cause, count in causes.items()}
    return [Day(day=day, by_channel=by_day[day]) for day in sorted(by_day)], causes


def _sign_ups(which: Q | None = None) -> Count:
    return Count("topic", distinct=True, filter=which)


def _lost(steps: Steps, causes: Mapping[str, int], since: datetime) -> dict[str, int]:
    """Every sign-up that did not become an account stands under one cause."""
    sent_later = Message.objects.filter(topic=OuterRef("topic"), state=State.SENT)
    unsent = (
        _begun(since)
        .filter(~Q(state=State.SENT), ~Q(trouble="superseded"), ~Exists(sent_later), kind__in=CODES)
        .values("state", "trouble")
        .annotate(sign_ups=_sign_ups())
    )
    stopped = {"capped": 0, "bounced": 0, "waiting": 0, "failed": 0}
    for row in unsent:
        waits = row["state"] in (State.QUEUED, State.SENDING)
        cause = "waiting" if waits else row["trouble"] if row["trouble"] in stopped else "failed"
        stopped[cause] += row["sign_ups"]
    came_back = steps.sent - steps.delivered
    silent = max(0, steps.delivered - steps.confirmed - causes["rejected"])
    return {"silent": silent, **causes, "came_back": came_back, **stopped}


def _refusals(since: datetime) -> dict[str, int]:
    """What confirming was refused for, by code."""
    rows = AuditEvent.objects.filter(name__in=_TOLD_REFUSALS, at__gte=since).values("code").annotate(n=Count("pk"))
    return {row["code"]: row["n"] for row in rows.order_by("-n")}


def _tallied(name: str, first: date, codes: Iterable[str] = ()) -> dict[str, int]:
    found = DayTally.objects.filter(day__gte=first, name=name)
    rows = (found.filter(code__in=codes) if codes else found).values("code").annotate(n=Sum("count"))
    return {row["code"]: row["n"] for row in rows.order_by("-n")}


def _blocked(first: date, since: datetime) -> dict[str, int]:
    held = _begun(since).filter(state=State.ABANDONED, trouble__in=["capped", "bounced"])
    rows: Iterable[Any] = held.values("trouble").annotate(n=Count("pk"))
    texts = {f"sms_{cap}": n for cap, n in _tallied(events.SMS_REFUSED.name, first).items()}
    return {**{row["trouble"]: row["n"] for row in rows}, **texts}


def _medians(since: datetime) -> tuple[dict[str, int], int]:
    """Seconds from a sign-up's first message to its account, by channel and over all, of the newest SAMPLE accounts."""
    made = AuditEvent.objects.filter(name=events.ACCOUNT_REGISTERED.name, at__gte=since, challenge_id__isnull=False)
    newest = dict(made.order_by("-at").values_list("challenge_id", "at")[:SAMPLE])
    begun = Message.objects.filter(topic__in=newest, kind__in=CODES).values("topic", "channel")
    took: dict[str, list[float]] = {channel: [] for channel in ("", *Channel.values)}
    for row in begun.annotate(at=Min("created_at")):
        for channel in ("", row["channel"]):
            took[channel].append((newest[row["topic"]] - row["at"]).total_seconds())
    return {channel: round(median(seconds)) for channel, seconds in took.items() if seconds}, len(took[""])
