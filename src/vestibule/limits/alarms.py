"""Alarms that operators have to look at, reported once an hour however often and by however many processes they are
found (docs/decisions/0084)."""

from datetime import datetime, timedelta

from vestibule.audit.events import Event
from vestibule.conf import conf
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance

ONCE_AN_HOUR = Allowance(windows=((1, timedelta(hours=1)),))


def claim_alarm(event: Event, now: datetime, what: str = "") -> bool:
    """Return whether this alarm (of kind `what`, if it has kinds) was not reported within the hour, and count it as
    reported. Call it in the transaction of its event."""
    key = conf.keys.digest("alarm", f"{event.name} {what}".encode())
    if ledger.seconds_until_free("alarm", key, now, ONCE_AN_HOUR):  # read first: no wait for the row in a flood
        return False
    return not ledger.spend("alarm", key, now, ONCE_AN_HOUR)
