"""The periodic sweeps: rows that are of no more use are deleted in small batches. Two sweeps at once do no harm."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import structlog
from django.db.models import QuerySet
from django.utils import timezone
from prometheus_client import Counter

from vestibule.accounts import address_history, lifecycle, pictures
from vestibule.applications import api_keys, grants, registry
from vestibule.audit import daily_counts, retention
from vestibule.captcha import attack_level
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.conf import conf
from vestibule.courier import delivery
from vestibule.factors import factor_resets, remembered_devices, totp
from vestibule.flows.account import personal_data
from vestibule.flows.recovery import factor_reset
from vestibule.kernel.client import Client
from vestibule.limits import heartbeat, ledger
from vestibule.service.celery import app
from vestibule.sessions import refresh_tokens
from vestibule.storage.database import atomic

SWEEP_INTERVAL = timedelta(minutes=1)
BATCH_SIZE = 100  # rows that one transaction locks (`make bench-purge`)
MAX_BATCHES = 50  # of each kind in a run
BATCH_PAUSE = 0.02  # seconds between two batches, so that others can write to SQLite

SWEPT_ROWS = Counter("vestibule_swept", "Rows that the sweeps erased, by kind.", ["kind"])

log = structlog.get_logger("vestibule.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One kind of row that is deleted `kept_for` after its time. `count` counts such rows, `erase` deletes a batch; the
    sweep runs as often as `every` says."""

    kind: str
    kept_for: timedelta
    count: Callable[[datetime], int]
    erase: Callable[[datetime, int], int]
    every: timedelta = SWEEP_INTERVAL

    def is_due(self, now: datetime) -> bool:
        """Return whether this kind is due in the present minute."""
        return int(now.timestamp()) % int(self.every.total_seconds()) < SWEEP_INTERVAL.total_seconds()


def list_sweeps() -> tuple[Sweep, ...]:
    """Return the table of sweeps."""
    return (
        _sweep_of_rows("unproved users", conf.pending_ttl, lifecycle.expired_pending_users),
        Sweep(
            kind="challenges",
            kept_for=timedelta(hours=1),  # so that a person still learns why a code or link is void
            count=lambda before: challenges.store.count_expired(before=before),
            erase=lambda before, limit: challenges.store.delete_expired(before=before, limit=limit),
        ),
        _sweep_of_rows("places of challenges", timedelta(hours=1), newest.expired_pointers),
        _sweep_of_rows("former addresses", address_history.UNDO_PERIOD, address_history.expired_former_addresses),
        _sweep_of_rows("messages", timedelta(days=30), delivery.ended_messages),
        _sweep_of_rows("tallies", timedelta(days=2), ledger.idle_tallies),  # longer than the longest window
        _sweep_of_rows("runs of failures", timedelta(days=90), ledger.broken_off_streaks),
        _sweep_of_rows("audit events", conf.audit_kept, retention.expired_events, within=retention.allow_shortening),
        _sweep_of_rows("audit tallies", conf.audit_kept, retention.expired_daily_counts),
        Sweep(
            kind="whole addresses",  # of audit events: they are truncated to their network
            kept_for=conf.audit_addresses_kept,
            count=lambda before: retention.events_with_full_address(before).count(),
            erase=retention.truncate_addresses,
        ),
        _sweep_of_rows("remembered devices", timedelta(), remembered_devices.expired_remembered_devices),
        _sweep_of_rows("abandoned authenticator apps", timedelta(hours=1), totp.abandoned_totps),
        _sweep_of_rows("refresh tokens", timedelta(days=1), refresh_tokens.expired_refresh_tokens),
        _sweep_of_rows("API keys", timedelta(days=1), api_keys.expired_keys),
        _sweep_of_rows("grants", timedelta(days=1), grants.expired_grants),
        _sweep_of_rows("unused applications", timedelta(days=7), registry.unused_applications),
        _sweep_of_rows("sessions", timedelta(days=1), refresh_tokens.expired_sessions),
        Sweep(
            kind="closed accounts",
            kept_for=timedelta(),
            count=lambda before: lifecycle.users_due_for_erasure(before).count(),
            erase=personal_data.erase_due_accounts,
        ),
        Sweep(
            kind="factor resets",  # ordered by the staff: the factors are removed
            kept_for=timedelta(),
            count=lambda before: factor_resets.due_orders(before).count(),
            erase=factor_reset.carry_out_due_resets,
        ),
        Sweep(
            kind="pictures of nobody",
            kept_for=timedelta(days=1),  # a picture that is being uploaded has no profile yet
            count=lambda before: len(pictures.list_orphaned_pictures(before, sys.maxsize)),
            erase=pictures.delete_orphaned_pictures,
            every=timedelta(hours=1),  # because it lists all pictures
        ),
    )


@app.task(name="vestibule.sweep", ignore_result=True)
def run_due_sweeps() -> None:
    """Run the sweeps that are due, write the daily counts, and report attacks. A backlog takes several runs."""
    now = timezone.now()
    daily_counts.daily_counter.flush()
    attack_level.record_attack_alarms(Client.for_system("worker", now))
    swept = {each.kind: erase_stale(each, now, batches=MAX_BATCHES) for each in list_sweeps() if each.is_due(now)}
    heartbeat.record_sweeps(timezone.now())
    if any(swept.values()):
        log.info("swept", **swept)


def erase_stale(sweep: Sweep, now: datetime, *, batches: int | None = None) -> int:
    """Delete what is stale now, in at most `batches` batches, and return how many rows."""
    total = done = 0
    while batches is None or done < batches:
        gone = sweep.erase(now - sweep.kept_for, BATCH_SIZE)
        SWEPT_ROWS.labels(kind=sweep.kind).inc(gone)
        total, done = total + gone, done + 1
        if gone < BATCH_SIZE:
            break
        sleep(BATCH_PAUSE)
    return total


def _sweep_of_rows(
    kind: str,
    kept_for: timedelta,
    stale: Callable[[datetime], QuerySet[Any]],
    within: Callable[[], AbstractContextManager[None]] = atomic,
) -> Sweep:
    """Return a sweep of database rows, each batch in a transaction (`within`). Rows that another transaction has locked
    are skipped."""

    def erase_rows(before: datetime, limit: int) -> int:
        with within():
            held = list(stale(before).select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
            stale(before).model.objects.filter(pk__in=held).delete()
        return len(held)

    return Sweep(kind=kind, kept_for=kept_for, count=lambda before: stale(before).count(), erase=erase_rows)
