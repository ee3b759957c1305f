"""Wake whoever delivers: Celery workers where there is a broker, else the thread of this very process.

The outbox is the one queue. A wake that is lost costs a few seconds: the sweep finds what is due. One that is on its
way serves all that is posted meanwhile: a mark in Redis says that there is one.
"""

from contextlib import suppress
from functools import cache
from threading import Event
from time import monotonic, sleep
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from vestibule import redis_client
from vestibule.celery import app
from vestibule.courier import delivery
from vestibule.courier.channels import line_kept

if TYPE_CHECKING:
    from redis import Redis

log = structlog.get_logger("vestibule.courier")
doorbell = Event()

LINGER, KEEPS_UP, LONGEST = 0.1, 1, 30  # seconds: between two looks; for what one finds; in all
BATCH = 25  # each may take a transport's whole timeout, and a task is cut after five minutes
_MARK, _MARKED_FOR = "vestibule:wake", 2  # seconds, then another worker is woken beside one that does not keep up


# Acknowledged when it begins: the outbox is the queue, and a task that is lost with its worker is found by the next.
@app.task(name="vestibule.deliver", ignore_result=True)
def deliver() -> None:
    """Deliver what is due, until nothing is. What comes while one lingers goes along: a task costs more than a mail."""
    looked = monotonic()
    end = looked + LONGEST
    with line_kept():
        while (taken := delivery.drain(timezone.now(), batch=BATCH)) and monotonic() < end:
            if taken < BATCH and monotonic() - looked < KEEPS_UP:
                sleep(LINGER)
                _leave_mark(nx=False)
            looked = monotonic()
        if settings.REDIS_URL:
            with suppress(*redis_client.down()):
                _redis().delete(_MARK)
            delivery.drain(timezone.now(), batch=BATCH)  # for whoever found the mark until now


def wake() -> None:
    """Something is due. Never raises: the message is committed, and the sweep will find it."""
    if not settings.CELERY_BROKER_URL:
        doorbell.set()
        return
    try:
        if _leave_mark(nx=True):
            deliver.apply_async(retry=False)
    except (OperationalError, OSError):
        log.warning("broker.unreachable")


def _leave_mark(*, nx: bool) -> bool:
    """Leave the mark that somebody is on the way, or here and keeping up (`nx`: only where there is none); whether it
    was left, as far as can be known."""
    if settings.REDIS_URL:
        with suppress(*redis_client.down()):
            return bool(_redis().set(_MARK, b"", nx=nx, ex=_MARKED_FOR))
    return True


@cache
def _redis() -> "Redis":
    return redis_client.connect(settings.REDIS_URL, **settings.REDIS_OPTIONS)
