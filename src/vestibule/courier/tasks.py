"""Wake whoever delivers: Celery workers where there is a broker, else the thread of this very process.

The outbox is the one queue. A wake that is lost costs a few seconds: the sweep finds what is due. One that is on its
way serves all that was posted before a worker takes it: a mark in Redis says that there is one.
"""

from contextlib import suppress
from functools import cache
from threading import Event

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis import Redis

from vestibule import redis_client
from vestibule.courier import delivery

log = structlog.get_logger(__name__)
doorbell = Event()


_MARK, _MARKED_FOR = "vestibule:wake", 5  # seconds; as often as the sweep looks


@shared_task(ignore_result=True, acks_late=True)
def deliver() -> None:
    """Deliver what is due, until nothing is."""
    if settings.REDIS_URL:
        with suppress(*redis_client.DOWN):  # the mark goes before we look: whoever finds it is served by this look
            _redis().delete(_MARK)
    while delivery.drain(timezone.now()):
        pass


def wake() -> None:
    """Something is due. Never raises: the message is committed, and the sweep will find it."""
    if not settings.CELERY_BROKER_URL:
        doorbell.set()
        return
    try:
        if _first():
            deliver.apply_async(retry=False)
    except (OperationalError, OSError, *redis_client.DOWN):
        log.warning("broker.unreachable")


def _first() -> bool:
    """Whether no wake is on its way."""
    return not settings.REDIS_URL or bool(_redis().set(_MARK, b"", nx=True, ex=_MARKED_FOR))


@cache
def _redis() -> Redis:
    return redis_client.connect(settings.REDIS_URL, **settings.REDIS_OPTIONS)
