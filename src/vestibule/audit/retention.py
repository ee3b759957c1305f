"""Retention of the audit log: events are deleted after a year, and IP addresses truncated long before that (GDPR,
article 5(1)(e))."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import QuerySet

from vestibule.audit.models import AuditEvent, DayTally
from vestibule.kernel import networks
from vestibule.storage import database
from vestibule.storage.database import atomic


@contextmanager
def allow_shortening() -> Iterator[None]:
    """Allow events to be truncated or erased within, in one transaction. PostgreSQL refuses it otherwise
    (`0001_initial`). Time, name and kind of actor can never be changed (docs/decisions/0082).

    Raises:
        ProgrammingError: the body changes one of those.
    """
    with atomic():
        _set_shortening("on")
        yield
        _set_shortening("off")


def _set_shortening(word: str) -> None:
    connection = database.connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('vestibule.audit_shortening', %s, true)", [word])  # to the commit at most


def expired_events(before: datetime) -> QuerySet[AuditEvent]:
    """Return the events before that moment."""
    return AuditEvent.objects.filter(at__lt=before)


def expired_daily_counts(before: datetime) -> QuerySet[DayTally]:
    """Return the daily counts of the days before that moment."""
    return DayTally.objects.filter(day__lt=before.date())


def events_with_full_address(before: datetime) -> QuerySet[AuditEvent]:
    """Return the events before that moment whose IP address is not truncated."""
    return AuditEvent.objects.filter(at__lt=before, address__isnull=False, address_cut=False)


def truncate_addresses(before: datetime, limit: int) -> int:
    """Truncate the IP addresses of at most `limit` such events to their networks, and return of how many."""
    with allow_shortening():
        held = events_with_full_address(before).select_for_update(skip_locked=True).order_by("at")
        rows = list(held.values_list("pk", "address")[:limit])
        by_network: dict[str, list[int]] = {}
        for pk, address in rows:
            by_network.setdefault(str(networks.customer_network(str(address)).network_address), []).append(pk)
        for kept, pks in by_network.items():
            AuditEvent.objects.filter(pk__in=pks).update(address=kept, address_cut=True)
    return len(rows)
