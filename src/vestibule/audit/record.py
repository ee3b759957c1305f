"""Recording of events: one call writes the audit row, the log line and the metric."""

from functools import partial
from uuid import UUID

import structlog
from django.utils import timezone
from prometheus_client import Counter

from vestibule.audit import daily_counts, funnel
from vestibule.audit.events import ALL_EVENTS, Event
from vestibule.audit.models import AuditEvent
from vestibule.kernel.client import Client
from vestibule.kernel.errors import AlreadyUsed
from vestibule.storage.database import on_commit
from vestibule.storage.rows import insert_new_row, insert_row

log = structlog.get_logger("vestibule.audit")

EVENT_COUNTER = Counter("vestibule_events", "Facts recorded, by name and by the code of a refusal.", ["event", "code"])
for _event in ALL_EVENTS:  # a series must start at zero for its first increase to be visible
    EVENT_COUNTER.labels(event=_event.name, code="")


def record_event(
    event: Event,
    client: Client,
    *,
    code: str = "",
    user_id: UUID | None = None,
    subject: bytes | None = None,
    challenge_id: UUID | None = None,
    reason: str = "",
    **details: str | int,
) -> None:
    """Record an event.

    The audit row joins the caller's transaction. Log line and metric follow its commit, so that they never report what
    was rolled back. `details` go to the log line, `application` to the row too; the event declares them, and they hold
    nothing secret or personal. `reason`, why a person acted on another's account, goes to the row only.

    Raises:
        AlreadyUsed: `challenge_id` is recorded already, so the proof has taken effect; within `inserted_together` at
            its end.
        TypeError: the event does not declare one of the details.
    """
    event.check_details(details)
    by_id = client.user_id if user_id not in (None, client.user_id) else None  # set if one person acts on another
    if event.in_audit_log:
        row = AuditEvent(
            at=client.at,
            name=event.name,
            code=code,
            actor=client.actor,
            user_id=user_id or client.user_id,
            by_id=by_id,
            reason=reason,
            application=str(details.get("application", "")),
            subject=subject,
            challenge_id=challenge_id,
            address=client.ip_address,
            agent=client.user_agent,
            request_id=client.request_id,
        )
        if challenge_id is None:
            insert_row(row)
        else:
            insert_new_row(row, AlreadyUsed(subject=subject))
    facts: dict[str, object] = {
        "code": code or None,
        "actor": client.actor,
        "user_id": str(user_id or client.user_id) if user_id or client.user_id else None,
        "by_id": str(by_id) if by_id else None,
        "subject": subject.hex()[:16] if subject else None,
        "challenge_id": str(challenge_id) if challenge_id else None,
        "address": client.ip_address,
        "agent": client.user_agent or None,
        "request_id": client.request_id or None,
        **details,
    }
    tell = partial(_log_and_count, event, code, {name: fact for name, fact in facts.items() if fact is not None})
    if event.in_audit_log:
        on_commit(tell)
    else:
        tell()  # at once: it must work while the database is down
    if event.counted_daily:
        daily_counts.daily_counter.count_event(event.name, str(details.get("rule", code)), client.at)


def count_event_again(event: Event, *, code: str, rule: str) -> None:
    """Count one more of what was recorded a moment ago, without a row or a line."""
    EVENT_COUNTER.labels(event=event.name, code=code).inc()
    daily_counts.daily_counter.count_event(event.name, rule, timezone.now())


def is_proof_recorded(challenge_id: UUID, event: Event | None = None) -> bool:
    """Return whether the work of this proof was committed: any work, or that of this event."""
    found = AuditEvent.objects.filter(challenge_id=challenge_id)
    return (found.filter(name=event.name) if event else found).exists()


def _log_and_count(event: Event, code: str, facts: dict[str, object]) -> None:
    EVENT_COUNTER.labels(event=event.name, code=code).inc()
    funnel.count_sign_up_step(event.name, code, facts)
    (log.error if event.logged_as_error else log.info)(event.name, **facts)
