"""The audit log for the staff: filtered by page, or exported whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.limits.admission import DOCUMENT, admission
from vestibule.storage.database import atomic

EVENTS_PER_PAGE = 50
MAX_COUNTED = 1000  # events that are counted and paged through; to see more, the staff narrow the filter or export
ROWS_PER_CHUNK = 1000  # rows that an export reads at once


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to show; an empty field does not narrow. `user_id` matches the person concerned and the member of
    staff who acted. `since` is inclusive, `until` is exclusive."""

    user_id: UUID | None = None
    name: str = ""
    code: str = ""
    since: datetime | None = None
    until: datetime | None = None


@flow("audit_log.show")
def find_events(*, client: Client, event_filter: EventFilter, page: int = 1) -> tuple[int, list[AuditEvent]]:
    """Return how many events match (MAX_COUNTED at most), and one page of them, newest first.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the last proof is older than STAFF_SESSION.
        Unavailable: the database cannot be reached.
    """
    permissions.require_permission(client, Permission.LOOK)
    found = _matching_events(event_filter)
    count = found.order_by()[:MAX_COUNTED].count()
    return count, list(
        found.order_by("-at", "-pk")[: min(count, page * EVENTS_PER_PAGE)][(page - 1) * EVENTS_PER_PAGE :]
    )


@flow("audit_log.export")
def export_events(*, client: Client, event_filter: EventFilter, reason: str) -> Iterator[AuditEvent]:
    """Return an iterator over every event that matches, newest first, which reads them in chunks. The export is
    recorded.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: the client's role lacks the permission.
        EnrolmentRequired: the role needs a second factor, and the account has none.
        StepUpRequired: the sign-in is not recent.
        Invalid: no reason was given.
        Unavailable: the database cannot be reached, or too many documents are being made.
    """
    permissions.require_permission(client, Permission.EXPORT)
    why = permissions.parse_reason(reason)
    admission.acquire_place(DOCUMENT)
    with atomic():
        record_event(events.AUDIT_EXPORTED, client, reason=why)
    return _iterate_events(client, _matching_events(event_filter).filter(at__lte=client.at))


def _matching_events(event_filter: EventFilter) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.all()
    if event_filter.user_id:
        found = found.filter(Q(user_id=event_filter.user_id) | Q(by_id=event_filter.user_id))
    if event_filter.name:
        found = found.filter(name=event_filter.name)
    if event_filter.code:
        found = found.filter(code=event_filter.code)
    if event_filter.since:
        found = found.filter(at__gte=event_filter.since)
    if event_filter.until:
        found = found.filter(at__lt=event_filter.until)
    return found


def _iterate_events(client: Client, found: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """Read one chunk after another, each from where the last one ended. A slow reader holds no cursor, transaction or
    place."""
    rest = found
    while rows := _read_chunk(client, rest):
        yield from rows
        last = rows[-1]
        rest = found.filter(at__lte=last.at).exclude(at=last.at, pk__gte=last.pk)


def _read_chunk(client: Client, rest: QuerySet[AuditEvent]) -> list[AuditEvent]:
    with admission.attribute_work_to(client), admission.hold_slot(DOCUMENT):
        return list(rest.order_by("-at", "-pk")[:ROWS_PER_CHUNK])
