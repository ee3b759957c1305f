"""The Celery task that delivers messages, and how a web process sends it."""

from time import monotonic, sleep

import structlog
from django.utils import timezone
from kombu.exceptions import OperationalError

from vestibule.applications.delivery import deliver_due_messages
from vestibule.conf import conf
from vestibule.courier import wake
from vestibule.courier.transports.channels import reuse_mail_connection
from vestibule.service.celery import app

log = structlog.get_logger("vestibule.courier")

POLL_INTERVAL, KEEPING_UP_WITHIN, LONGEST_RUN = 0.1, 1, 30  # seconds: between two looks; for what one finds; in all
BATCH_SIZE = 25  # between two looks at the clock, for each may take a transport's whole timeout


# Acknowledged when it begins: the outbox is the queue, so a task lost with its worker loses no message.
@app.task(name="vestibule.deliver", ignore_result=True)
def deliver_until_idle() -> None:
    """Deliver until nothing is due. It lingers for messages that follow, because a task costs more than a mail."""
    looked = monotonic()
    end = looked + LONGEST_RUN
    with reuse_mail_connection():
        while (taken := deliver_due_messages(timezone.now(), batch=BATCH_SIZE)) and monotonic() < end:
            if taken < BATCH_SIZE and monotonic() - looked < KEEPING_UP_WITHIN:
                sleep(POLL_INTERVAL)
                wake.set_wake_mark()
            looked = monotonic()
        if conf.redis_url:
            wake.clear_wake_mark()
            deliver_due_messages(timezone.now(), batch=BATCH_SIZE)  # posted while the mark was still set


def send_deliver_task() -> None:
    """Send the task to a worker (OUTBOX_WAKER). A broker that cannot be reached is logged and has no other effect."""
    try:
        deliver_until_idle.apply_async(retry=False)
    except (OperationalError, OSError):
        log.warning("broker.unreachable")
