"""What SMS may cost: exact caps per network, number prefix and day, and a breaker for codes that nobody types.

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


class Cap(StrEnum):
    """Which bound refused."""

    NETWORK = "network"
    PREFIX = "prefix"
    TOTAL = "total"
    BREAKER = "breaker"


_CAPS = {
    "sms network": Cap.NETWORK,
    "sms network quiet": Cap.NETWORK,
    "sms prefix": Cap.PREFIX,
    "sms": Cap.TOTAL,
}


def counts(number: str, network: str, *, codes: bool = True, quiet: bool = False, free: bytes = b"") -> list[Count]:
    """What one SMS to this number for this network costs, to be counted where the address's own allowance is.

    `codes`: it holds a secret that may come back, which the breaker looks at; `quiet`: the client is told nothing, so
    that its count is apart from the one whose end others are told; `free`: nothing is sent, and the same work is done
    on counts of that digest's own.
    """
    of_network = "sms network quiet" if quiet else "sms network"
    found = [
        Count(of_network, _digest(network), settings.SMS_CAPS[Cap.NETWORK]),
        Count("sms prefix", _digest(number[:PREFIX]), settings.SMS_CAPS[Cap.PREFIX]),
        Count("sms", _ALL, settings.SMS_CAPS[Cap.TOTAL]),
    ]
    if codes:
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
