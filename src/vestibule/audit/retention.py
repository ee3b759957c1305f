"""What of the audit log is of no more use: events after a year, and long before that whole addresses
(GDPR, article 5(1)(e))."""

from datetime import datetime

from django.db.models import QuerySet
from django.db.transaction import atomic

from vestibule.audit.models import AuditEvent, DayTally
from vestibule.kernel import networks


def events(before: datetime) -> QuerySet[AuditEvent]:
    """The events of before that moment."""
    return AuditEvent.objects.filter(at__lt=before)


def tallies(before: datetime) -> QuerySet[DayTally]:
    """What was counted on the days before it."""
    return DayTally.objects.filter(day__lt=before.date())


def whole(before: datetime) -> QuerySet[AuditEvent]:
    """The events of before that moment that say where somebody was to the last bit."""
    return AuditEvent.objects.filter(at__lt=before, address__isnull=False, address_cut=False)


def cut(before: datetime, limit: int) -> int:
    """Keep of at most so many of their addresses the network alone; of how many."""
    with atomic():
        held = whole(before).select_for_update(skip_locked=True).order_by("at")
        rows = list(held.values_list("pk", "address")[:limit])
        by_network: dict[str, list[int]] = {}
        for pk, address in rows:
            by_network.setdefault(str(networks.site(str(address)).network_address), []).append(pk)
        for kept, pks in by_network.items():
            AuditEvent.objects.filter(pk__in=pks).update(address=kept, address_cut=True)
    return len(rows)
