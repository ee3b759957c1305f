"""What SMS may cost: exact caps per network, number prefix and day, for each purse, and a breaker for codes that nobody
types.

Toll fraud ("SMS pumping") earns its money by codes that are sent and never used; Twilio's and Login.gov's remedies are
the numbers here (docs/settings.md).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from vestibule.guards import ledger
from vestibule.guards.allowance import UNBOUNDED, Allowance
from vestibule.guards.ledger import Count

PREFIX = 8  # characters: the plus sign and seven digits
BREAKER = Allowance(windows=((50, timedelta(days=1)),))  # so many a day before their use is looked at
LEAST_USED = 30  # percent of the codes sent that must come back
CLOSED_FOR = 3600  # seconds that a person is told to wait while the breaker is open
_ALL = b"all"
_LOOKED_AT = Allowance(windows=((10**6, timedelta(days=1)),))  # counted, and bounded by what is made of it


class Purse(StrEnum):
    """What pays for an SMS. None spends another's, so that no client learns from the end of one what was sent out of
    another, and what strangers cause keeps no owner out (docs/decisions/0085). Its counts are called by it."""

    TOLD = ""  # strangers cause it, and are told when no more goes
    QUIET = " quiet"  # strangers cause it, and are told nothing
    OWN = " own"  # the account itself causes it, or the house, or a client that the account knows


class Cap(StrEnum):
    """Which bound refused."""

    NETWORK = "network"
    PREFIX = "prefix"
    TOTAL = "total"
    BREAKER = "breaker"


_CAPS = {
    scope: cap
    for purse in Purse
    for scope, cap in (
        (f"sms network{purse}", Cap.NETWORK),
        (f"sms prefix{purse}", Cap.PREFIX),
        (f"sms{purse}", Cap.TOTAL),
    )
}


def counts(number: str, network: str, purse: Purse, *, free: bytes = b"") -> list[Count]:
    """What one SMS to this number for this network costs, to be counted where the address's own allowance is. A thief
    chooses the network of what the account causes, so that it is not counted there. The breaker looks at the codes of
    sign-ups and of new numbers, which are all that comes back to it.

    `free`: nothing is sent, and the same work is done on counts of that digest's own.
    """
    found = [
        Count(f"sms prefix{purse}", _digest(number[:PREFIX]), settings.SMS_CAPS[Cap.PREFIX]),
        Count(f"sms{purse}", _ALL, settings.SMS_CAPS[Cap.TOTAL]),
    ]
    if purse is not Purse.OWN:
        found.append(Count(f"sms network{purse}", _digest(network), settings.SMS_CAPS[Cap.NETWORK]))
    if purse is Purse.TOLD:
        found.append(Count("sms codes", _ALL, _LOOKED_AT))
    return [replace(each, key=free, allowance=UNBOUNDED) for each in found] if free else found


def refused(full: Sequence[tuple[str, int]]) -> tuple[Cap, int] | None:
    """Which bound on cost is among the scopes that are full, and the seconds to wait for it."""
    return next(((_CAPS[scope], wait) for scope, wait in full if scope in _CAPS), None)


def closed(now: datetime) -> bool:
    """Whether the breaker is open: of many codes sent, few came back."""
    sent = ledger.recent("sms codes", _ALL, now, BREAKER)
    used = ledger.recent("sms proved", _ALL, now, BREAKER)
    return sent >= BREAKER.windows[0][0] and 100 * used < LEAST_USED * sent


def proved(now: datetime) -> None:
    """A code that went out by SMS came back."""
    ledger.spend_all(now, Count("sms proved", _ALL, _LOOKED_AT))


def _digest(whom: str) -> bytes:
    return settings.KEYS.digest("sms", whom.encode())
