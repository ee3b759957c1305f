"""Wake whoever delivers: Celery workers where there is a broker, else the thread of this very process.

The outbox is the one queue. A wake that is lost costs a few seconds: the sweep finds what is due.
"""

from threading import Event

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from vestibule.courier import delivery

log = structlog.get_logger(__name__)
doorbell = Event()


@shared_task(ignore_result=True, acks_late=True)
def deliver() -> None:
    """Deliver what is due, until nothing is."""
    while delivery.drain(timezone.now()):
        pass


def wake() -> None:
    """Something is due. Never raises: the message is committed, and the sweep will find it."""
    if not settings.CELERY_BROKER_URL:
        doorbell.set()
        return
    try:
        deliver.apply_async(retry=False)
    except (OperationalError, OSError):
        log.warning("broker.unreachable")
