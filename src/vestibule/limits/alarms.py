"""Alarms: what somebody has to look at is told once an hour, however often and by however many processes it is found
(docs/decisions/0084)."""

from datetime import datetime, timedelta

from django.conf import settings

from vestibule.audit.events import Event
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance

ONCE_AN_HOUR = Allowance(windows=((1, timedelta(hours=1)),))


def claim_alarm(event: Event, now: datetime, what: str = "") -> bool:
    """Whether this alarm (of `what`, where it has kinds) was not told within the hour; it counts as told now. To be
    called in the transaction of its event.
    """
    key = settings.KEYS.digest("alarm", f"{event.name} {what}".encode())
    if ledger.seconds_until_free("alarm", key, now, ONCE_AN_HOUR):  # in a flood nobody waits for the row
        return False
    return not ledger.spend("alarm", key, now, ONCE_AN_HOUR)
