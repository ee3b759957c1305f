"""The worker of the embedded mode: one thread of the one process, woken by the doorbell or by time."""

from datetime import timedelta
from threading import Event, Thread

import structlog
from django.db import close_old_connections
from django.utils import timezone

from vestibule.courier import delivery, tasks
from vestibule.skins.worker import schedule

TICK = timedelta(seconds=2)
BATCH = 10  # messages between two looks at whether to stop
PATIENCE = timedelta(seconds=5)

log = structlog.get_logger("vestibule.worker")


class Courier:
    """The thread, running."""

    def __init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=_run, args=(self._stop,), name="vestibule-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it after the message in hand; one that takes longer is another's when its lease runs out."""
        self._stop.set()
        tasks.doorbell.set()
        self._thread.join(PATIENCE.total_seconds())


def _run(stop: Event) -> None:
    swept_at = timezone.now() - schedule.EVERY
    while not stop.is_set():
        tasks.doorbell.wait(TICK.total_seconds())
        tasks.doorbell.clear()
        try:
            close_old_connections()
            while not stop.is_set() and delivery.drain(timezone.now(), batch=BATCH):
                pass
            if timezone.now() - swept_at >= schedule.EVERY:
                swept_at = timezone.now()
                schedule.sweep()
        except Exception:
            log.exception("worker.failed")
