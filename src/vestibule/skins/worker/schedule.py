"""The periodic sweeps: what is of no more use is forgotten in small batches, each safe to run twice at once."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.db.transaction import atomic
from django.utils import timezone
from prometheus_client import Counter

from vestibule.accounts import lifecycle, pictures, tenure
from vestibule.audit import retention, tallies
from vestibule.celery import app
from vestibule.challenges import newest
from vestibule.challenges.desk import challenges
from vestibule.courier import delivery
from vestibule.flows import account
from vestibule.guards import ledger, pulse, strain
from vestibule.kernel.client import Client
from vestibule.sessions import refresh

EVERY = timedelta(minutes=1)
BATCH = 100  # rows: what one transaction holds locked (`make bench-purge`)
BATCHES = 50  # of each kind a run
PAUSE = 0.02  # seconds between two batches: on SQLite, the others' turn to write

SWEPT = Counter("vestibule_swept", "Rows that the sweeps erased, by kind.", ["kind"])

log = structlog.get_logger("vestibule.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One kind of row that is of no more use `kept` after its time: how many there are, and how to erase some; looked
    for so often (`every`)."""

    kind: str
    kept: timedelta
    count: Callable[[datetime], int]
    erase: Callable[[datetime, int], int]
    every: timedelta = EVERY

    def due(self, now: datetime) -> bool:
        """Whether it is the turn of this kind, of those of a run each minute."""
        return int(now.timestamp()) % int(self.every.total_seconds()) < EVERY.total_seconds()


def sweeps() -> tuple[Sweep, ...]:
    """The table."""
    return (
        _rows("unproved users", settings.PENDING_TTL, lifecycle.unproved),
        Sweep(
            kind="challenges",
            kept=timedelta(hours=1),  # a dead challenge can still say why for so long
            count=lambda before: challenges.store.stale(before=before),
            erase=lambda before, limit: challenges.store.sweep(before=before, limit=limit),
        ),
        _rows("places of challenges", timedelta(hours=1), newest.over),
        _rows("former addresses", tenure.KEPT, tenure.left),
        _rows("messages", timedelta(days=30), delivery.ended),
        _rows("tallies", timedelta(days=2), ledger.idle),  # longer than the longest window
        _rows("runs of failures", timedelta(days=90), ledger.broken_off),
        _rows("audit events", settings.AUDIT_KEPT, retention.events, within=retention.shortening),
        _rows("audit tallies", settings.AUDIT_KEPT, retention.tallies),
        Sweep(
            kind="whole addresses",  # of audit events: the network is left
            kept=settings.AUDIT_ADDRESSES_KEPT,
            count=lambda before: retention.whole(before).count(),
            erase=retention.cut,
        ),
        _rows("refresh tokens", timedelta(days=1), refresh.expired_tokens),
        _rows("sessions", timedelta(days=1), refresh.expired_sessions),
        Sweep(
            kind="closed accounts",
            kept=timedelta(),
            count=lambda before: lifecycle.closing(before).count(),
            erase=account.erase_due,
        ),
        Sweep(
            kind="pictures of nobody",
            kept=timedelta(days=1),  # one that is uploaded now has no owner yet
            count=lambda before: len(pictures.unowned(before, sys.maxsize)),
            erase=pictures.sweep,
            every=timedelta(hours=1),  # it lists them all
        ),
    )


@app.task(name="vestibule.sweep", ignore_result=True)
def sweep() -> None:
    """Forget what is of no more use; a backlog goes over several runs. And tell where the whole system is tried."""
    now = timezone.now()
    tallies.notebook.write()
    strain.tell(Client.system("worker", now))
    swept = {each.kind: forget(each, now, batches=BATCHES) for each in sweeps() if each.due(now)}
    pulse.beat(timezone.now())
    if any(swept.values()):
        log.info("swept", **swept)


def forget(kind: Sweep, now: datetime, *, batches: int | None = None) -> int:
    """Erase what is stale now, in at most so many batches; how many rows went."""
    total = done = 0
    while batches is None or done < batches:
        gone = kind.erase(now - kind.kept, BATCH)
        SWEPT.labels(kind=kind.kind).inc(gone)
        total, done = total + gone, done + 1
        if gone < BATCH:
            break
        sleep(PAUSE)
    return total


def _rows(
    kind: str,
    kept: timedelta,
    stale: Callable[[datetime], QuerySet[Any]],
    within: Callable[[], AbstractContextManager[None]] = atomic,
) -> Sweep:
    """Rows of the database, erased in a transaction (`within`). What somebody else holds, to use or to sweep it, is
    passed over."""

    def erase(before: datetime, limit: int) -> int:
        with within():
            held = list(stale(before).select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
            stale(before).model.objects.filter(pk__in=held).delete()
        return len(held)

    return Sweep(kind=kind, kept=kept, count=lambda before: stale(before).count(), erase=erase)
