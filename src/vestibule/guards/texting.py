"""What SMS may cost: exact caps per network, number prefix and day, and a breaker for codes that nobody types.

Toll fraud ("SMS pumping") earns its money by codes that are sent and never used; Twilio's and Login.gov's remedies are
the numbers here (docs/settings.md).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from vestibule.guards import ledger
from vestibule.guards.allowance import Allowance
from vestibule.guards.ledger import Count

PREFIX = 8  # characters: the plus sign and seven digits
BREAKER = Allowance(windows=((50, timedelta(days=1)),))  # so many a day before their use is looked at
LEAST_USED = 30  # percent of the codes sent that must come back
CLOSED_FOR = 3600  # seconds that a person is told to wait while the breaker is open
_ALL = b"all"


class Cap(StrEnum):
    """Which bound refused."""

    NETWORK = "network"
    PREFIX = "prefix"
    TOTAL = "total"
    BREAKER = "breaker"


def spend(number: str, network: str, now: datetime) -> tuple[Cap, int] | None:
    """Count one SMS to this number for this network, in the caller's transaction; or say which cap refuses it, and the
    seconds to wait: then the caller must roll back."""
    sent = ledger.recent("sms", _ALL, now, BREAKER)
    if sent >= BREAKER.windows[0][0] and 100 * ledger.recent("sms proved", _ALL, now, BREAKER) < LEAST_USED * sent:
        return Cap.BREAKER, CLOSED_FOR
    for cap, whom in ((Cap.NETWORK, network), (Cap.PREFIX, number[:PREFIX])):
        key = settings.KEYS.digest("sms", whom.encode())
        if wait := ledger.spend_all(now, Count(f"sms {cap}", key, settings.SMS_CAPS[cap])).wait:
            return cap, wait
    if wait := ledger.spend_all(now, Count("sms", _ALL, settings.SMS_CAPS[Cap.TOTAL])).wait:
        return Cap.TOTAL, wait
    return None


def proved(now: datetime) -> None:
    """A code that went out by SMS came back."""
    ledger.spend_all(now, Count("sms proved", _ALL, Allowance(windows=((10**6, timedelta(days=1)),))))
