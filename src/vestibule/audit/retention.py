"""What of the audit log is of no more use: events after a year, and long before that whole addresses
(GDPR, article 5(1)(e))."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.db.transaction import atomic

from vestibule.audit.models import AuditEvent, DayTally
from vestibule.kernel import networks


@contextmanager
def allow_shortening() -> Iterator[None]:
    """Let events be shortened or erased within, in one transaction: PostgreSQL refuses it everywhere else
    (`0001_initial`). When, what and by what kind of actor stays even so (docs/decisions/0082).

    Raises:
        ProgrammingError: the body changes what happened.
    """
    with atomic():
        _set_shortening("on")
        yield
        _set_shortening("off")


def _set_shortening(word: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('vestibule.audit_shortening', %s, true)", [word])  # to the commit at most


def expired_events(before: datetime) -> QuerySet[AuditEvent]:
    """The events of before that moment."""
    return AuditEvent.objects.filter(at__lt=before)


def expired_daily_counts(before: datetime) -> QuerySet[DayTally]:
    """What was counted on the days before it."""
    return DayTally.objects.filter(day__lt=before.date())


def events_with_full_address(before: datetime) -> QuerySet[AuditEvent]:
    """The events of before that moment that say where somebody was to the last bit."""
    return AuditEvent.objects.filter(at__lt=before, address__isnull=False, address_cut=False)


def truncate_addresses(before: datetime, limit: int) -> int:
    """Keep of at most so many of their addresses the network alone; of how many."""
    with allow_shortening():
        held = events_with_full_address(before).select_for_update(skip_locked=True).order_by("at")
        rows = list(held.values_list("pk", "address")[:limit])
        by_network: dict[str, list[int]] = {}
        for pk, address in rows:
            by_network.setdefault(str(networks.customer_network(str(address)).network_address), []).append(pk)
        for kept, pks in by_network.items():
            AuditEvent.objects.filter(pk__in=pks).update(address=kept, address_cut=True)
    return len(rows)
