"""The periodic sweeps, each bounded per run and safe to run twice at once."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from vestibule.challenges.desk import challenges
from vestibule.courier import delivery
from vestibule.guards import ledger

EVERY = timedelta(minutes=1)
KEPT_DEAD = timedelta(hours=1)  # a dead challenge can still say why for so long
KEPT_TALLIES = timedelta(days=2)  # longer than the longest window
KEPT_MESSAGES = timedelta(days=30)
BATCH = 500

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Forget what is of no more use."""
    now = timezone.now()
    swept = {
        "challenges": challenges.store.sweep(before=now - KEPT_DEAD, limit=BATCH),
        "tallies": ledger.sweep(before=now - KEPT_TALLIES, limit=BATCH),
        "messages": delivery.sweep(before=now - KEPT_MESSAGES, limit=BATCH),
    }
    if any(swept.values()):
        log.info("swept", **swept)
