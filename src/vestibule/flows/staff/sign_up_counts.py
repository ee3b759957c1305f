"""The sign-ups of one day, counted by channel.

A day is counted from messages and events while it may still change, and stored once it is over. A month of a busy
service is a million rows; the dashboard therefore counts four days and reads the others.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from vestibule.audit import events
from vestibule.audit.models import AuditEvent, DayTally
from vestibule.courier import messages
from vestibule.courier.models import Feedback, Message, State
from vestibule.storage.database import atomic

CODE_KINDS = [messages.REGISTRATION_CODE.name, messages.VERIFY_ADDRESS.name]
KNOWN_ADDRESS_KIND = messages.ALREADY_REGISTERED.name
STEPS = ("started", "sent", "delivered", "confirmed")
FINAL_AFTER = timedelta(days=3)  # longer than any code, link or message lives; later bounces are not counted
_REFUSED_EVENTS = ("registration.confirm.refused", "pending_registration.confirm.refused")
_DAY_COUNTED = "sign_ups.counted"  # marks a day whose counts are stored

DayCounts = dict[tuple[str, str], int]  # (step or cause, channel); for refusals ("refused", code)


def count_last_days(first: date, today: date) -> dict[date, DayCounts]:
    """Return the counts of each day: stored ones are read, the others are computed now."""
    kept = _read_stored_days(first)
    found: dict[date, DayCounts] = {}
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        found[day] = kept[day] if day in kept else _count_day(day, today)
    return found


def sign_up_messages(since: datetime, until: datetime) -> QuerySet[Message]:
    """Return the sign-up messages of this time span. A sign-up has one for each send, all with the same `topic`."""
    return Message.objects.filter(
        created_at__gte=since, created_at__lt=until, kind__in=[*CODE_KINDS, KNOWN_ADDRESS_KIND], topic__isnull=False
    )


def _read_stored_days(first: date) -> dict[date, DayCounts]:
    found: dict[date, DayCounts] = {}
    marked = set(DayTally.objects.filter(day__gte=first, name=_DAY_COUNTED).values_list("day", flat=True))
    for row in DayTally.objects.filter(day__in=marked, name__startswith="sign_ups."):
        found.setdefault(row.day, {})[row.name.removeprefix("sign_ups."), row.code] = row.count
    return found


def _count_day(day: date, today: date) -> DayCounts:
    """Count a day, and store the counts if the day is over."""
    since = datetime.combine(day, time(), UTC)
    until = since + timedelta(days=1)
    counts = {**_count_steps(since, until), **_count_unsent(since, until), **_count_refusals(since, until)}
    if today - day > FINAL_AFTER:
        rows = [DayTally(day=day, name=f"sign_ups.{what}", code=of, count=n) for (what, of), n in counts.items() if n]
        with atomic():
            DayTally.objects.bulk_create([*rows, DayTally(day=day, name=_DAY_COUNTED, count=1)], ignore_conflicts=True)
    return counts


def _count_steps(since: datetime, until: datetime) -> DayCounts:
    """Count how many sign-ups reached each step, and how many ended at a known address or by the owner's "this wasn't
    me"."""
    work = AuditEvent.objects.filter(challenge_id=OuterRef("topic"))
    sent = Q(state=State.SENT, kind__in=CODE_KINDS)
    refused = Q(feedback__in=[Feedback.BOUNCED, Feedback.COMPLAINED])
    rows: Iterable[Any] = (
        sign_up_messages(since, until)
        .annotate(
            done=Exists(work.filter(name=events.ACCOUNT_REGISTERED.name)),
            disowned=Exists(work.filter(name=events.REGISTRATION_REJECTED.name)),
        )
        .values("channel")
        .annotate(
            started=_distinct_sign_ups(),
            sent=_distinct_sign_ups(sent),
            delivered=_distinct_sign_ups(sent & ~refused | sent & Q(done=True)),
            confirmed=_distinct_sign_ups(sent & Q(done=True)),
            known=_distinct_sign_ups(Q(kind=KNOWN_ADDRESS_KIND)),
            rejected=_distinct_sign_ups(sent & ~refused & Q(disowned=True)),
        )
    )
    return {(what, row["channel"]): row[what] for row in rows for what in (*STEPS, "known", "rejected")}


def _count_unsent(since: datetime, until: datetime) -> DayCounts:
    """Count the sign-ups whose code or link no transport accepted, by cause."""
    sent_later = Message.objects.filter(topic=OuterRef("topic"), state=State.SENT)
    unsent = sign_up_messages(since, until).filter(~Q(state=State.SENT), ~Q(trouble="superseded"), kind__in=CODE_KINDS)
    rows: Iterable[Any] = (
        unsent.filter(~Exists(sent_later)).values("channel", "state", "trouble").annotate(sign_ups=_distinct_sign_ups())
    )
    counts: DayCounts = {}
    for row in rows:
        waits = row["state"] in (State.QUEUED, State.SENDING)
        why = "waiting" if waits else row["trouble"] if row["trouble"] in ("capped", "bounced") else "failed"
        counts[why, row["channel"]] = counts.get((why, row["channel"]), 0) + row["sign_ups"]
    return counts


def _count_refusals(since: datetime, until: datetime) -> DayCounts:
    """Count the refused confirmations by code."""
    refused = AuditEvent.objects.filter(name__in=_REFUSED_EVENTS, at__gte=since, at__lt=until)
    return {("refused", row["code"]): row["n"] for row in refused.values("code").annotate(n=Count("pk"))}


def _distinct_sign_ups(which: Q | None = None) -> Count:
    return Count("topic", distinct=True, filter=which)
