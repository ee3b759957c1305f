"""The worker of the embedded mode: one thread, woken by `courier.wake` or by time."""

from datetime import timedelta
from threading import Event, Thread

import structlog
from django.db import close_old_connections
from django.utils import timezone

from vestibule.applications.delivery import deliver_due_messages
from vestibule.courier import wake
from vestibule.service.worker import schedule

WAKE_INTERVAL = timedelta(seconds=2)
DELIVERY_BATCH_SIZE = 10  # messages between two checks whether to stop
STOP_TIMEOUT = timedelta(seconds=5)

log = structlog.get_logger("vestibule.worker")


class EmbeddedWorker:
    """The running thread."""

    def __init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=_work_until_stopped, args=(self._stop,), name="vestibule-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it after the current message. If that takes too long, another worker sends the message when its lease
        runs out."""
        self._stop.set()
        wake.wake_event.set()
        self._thread.join(STOP_TIMEOUT.total_seconds())


def _work_until_stopped(stop: Event) -> None:
    """Deliver and sweep until told to stop. A failure is logged, and the next round tries again."""
    swept_at = timezone.now() - schedule.SWEEP_INTERVAL
    while not stop.is_set():
        wake.wake_event.wait(WAKE_INTERVAL.total_seconds())
        wake.wake_event.clear()
        try:
            close_old_connections()
            while not stop.is_set() and deliver_due_messages(timezone.now(), batch=DELIVERY_BATCH_SIZE):
                pass
            if timezone.now() - swept_at >= schedule.SWEEP_INTERVAL:
                swept_at = timezone.now()
                schedule.run_due_sweeps()
        except Exception:
            log.exception("worker.failed")
