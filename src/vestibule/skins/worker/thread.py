"""The worker of the embedded mode: one thread of the one process, woken by the doorbell or by time."""

from datetime import timedelta
from threading import Event, Thread

import structlog
from django.db import close_old_connections
from django.utils import timezone

from vestibule.courier import delivery, tasks
from vestibule.skins.worker import schedule

TICK = timedelta(seconds=2)

log = structlog.get_logger(__name__)


def start() -> Event:
    """Start the thread; setting the event that is returned ends it after the message in hand."""
    stop = Event()
    Thread(target=_run, args=(stop,), name="vestibule-worker", daemon=True).start()
    return stop


def _run(stop: Event) -> None:
    swept_at = timezone.now() - schedule.EVERY
    while not stop.is_set():
        tasks.doorbell.wait(TICK.total_seconds())
        tasks.doorbell.clear()
        try:
            close_old_connections()
            while not stop.is_set() and delivery.drain(timezone.now()):
                pass
            if timezone.now() - swept_at >= schedule.EVERY:
                swept_at = timezone.now()
                schedule.sweep()
        except Exception:
            log.exception("worker.failed")
