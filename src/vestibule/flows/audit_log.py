"""The audit log, as the staff may see it: filtered, a page at a time, or all of it to take along."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record
from vestibule.flows import staff
from vestibule.flows.flow import flow
from vestibule.flows.staff import Thing
from vestibule.guards.admission import DOCUMENT, admission
from vestibule.kernel.client import Client

PAGE = 50  # events a page
COUNTED = 1000  # events that are counted and turned to, at most; who wants more narrows the filter, or exports
CHUNK = 1000  # rows that an export reads at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events: what is empty does not narrow. `user_id` finds what happened to a person, and what they did to
    others; `since` is included, `until` is not."""

    user_id: UUID | None = None
    name: str = ""
    code: str = ""
    since: datetime | None = None
    until: datetime | None = None


@flow("audit_log.show")
def show(*, client: Client, which: Filter, page: int = 1) -> tuple[int, list[AuditEvent]]:
    """How many events match (COUNTED at most), and one page of them, newest first.

    Raises Unauthenticated, NotAllowed, StepUpRequired, Unavailable.
    """
    staff.may(client, Thing.LOOK)
    found = _matching(which)
    count = found.order_by()[:COUNTED].count()
    return count, list(found.order_by("-at", "-pk")[: min(count, page * PAGE)][(page - 1) * PAGE :])


@flow("audit_log.export")
def export(*, client: Client, which: Filter, reason: str) -> Iterator[AuditEvent]:
    """Every event that matches, newest first, read as it is taken; that it was taken is on record.

    Raises Unauthenticated, NotAllowed, StepUpRequired, Invalid (no reason), Unavailable.
    """
    staff.may(client, Thing.EXPORT)
    why = staff.reason(reason)
    admission.take_place(DOCUMENT)
    with atomic():
        record(events.AUDIT_EXPORTED, client, reason=why)
    return _all(client, _matching(which).filter(at__lte=client.at))


def _matching(which: Filter) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.all()
    if which.user_id:
        found = found.filter(Q(user_id=which.user_id) | Q(by_id=which.user_id))
    if which.name:
        found = found.filter(name=which.name)
    if which.code:
        found = found.filter(code=which.code)
    if which.since:
        found = found.filter(at__gte=which.since)
    if which.until:
        found = found.filter(at__lt=which.until)
    return found


def _all(client: Client, found: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """A chunk after the other, each from where the last one ended: no cursor, no transaction, no place is held by who
    reads slowly."""
    rest = found
    while rows := _chunk(client, rest):
        yield from rows
        last = rows[-1]
        rest = found.filter(at__lte=last.at).exclude(at=last.at, pk__gte=last.pk)


def _chunk(client: Client, rest: QuerySet[AuditEvent]) -> list[AuditEvent]:
    with admission.visiting(client), admission.slot(DOCUMENT):
        return list(rest.order_by("-at", "-pk")[:CHUNK])
