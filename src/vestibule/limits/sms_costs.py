"""Limits on SMS costs: exact caps per network, number prefix and day for each purse, and a circuit breaker for codes
that nobody types.

Toll fraud ("SMS pumping") profits from codes that are sent and never used. The numbers follow the advice of Twilio and
Login.gov (docs/settings.md).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from vestibule.addresses.address import Phone
from vestibule.conf import conf
from vestibule.limits import ledger, rates, rules
from vestibule.limits.ledger import Count
from vestibule.limits.rolling_window import UNBOUNDED, Allowance

PREFIX_LENGTH = 8  # characters: the plus sign and seven digits
BREAKER = Allowance(windows=((50, timedelta(days=1)),))  # codes sent in a day before their use is checked
LEAST_PERCENT_USED = 30  # percent of the codes sent that must come back
BREAKER_WAIT = 3600  # seconds that a person is told to wait while the breaker is open
_TOTAL_KEY = b"all"
_COUNTED_ONLY = Allowance(windows=((10**6, timedelta(days=1)),))  # counted for the breaker, not limited


class Purse(StrEnum):
    """What pays for an SMS.

    No purse spends another's, so that a client cannot learn from an empty purse what was sent from another, and what
    strangers cause does not keep an owner out (docs/decisions/0085). The value is a suffix of the purse's scopes.
    """

    TOLD = ""  # strangers cause it, and are told when no more goes
    QUIET = " quiet"  # strangers cause it, and are told nothing
    OWN = " own"  # the account itself causes it, the service, or a client known to the account


class SmsCap(StrEnum):
    """The limit that refused."""

    NETWORK = "network"
    PREFIX = "prefix"
    TOTAL = "total"
    BREAKER = "breaker"


_CAPS_BY_SCOPE = {
    scope: cap
    for purse in Purse
    for scope, cap in (
        (f"sms network{purse}", SmsCap.NETWORK),
        (f"sms prefix{purse}", SmsCap.PREFIX),
        (f"sms{purse}", SmsCap.TOTAL),
    )
}


def counts_for_number(number: Phone, network: str, purse: Purse, *, decoy_key: bytes = b"") -> list[Count]:
    """Return the counts of one SMS to this number, to be spent together with the address's own allowance.

    The network is not counted for what the account itself causes, because a thief could choose it. The breaker counts
    codes for sign-ups and new numbers, because only those come back. With `decoy_key`, nothing will be sent, and the
    same work is done on unlimited counts under that key.
    """
    found = [
        Count(f"sms prefix{purse}", _count_key(number.value[:PREFIX_LENGTH]), rates.cap_allowance(rules.SMS_PREFIX)),
        Count(f"sms{purse}", _TOTAL_KEY, rates.cap_allowance(rules.SMS_TOTAL)),
    ]
    if purse is not Purse.OWN:
        found.append(Count(f"sms network{purse}", _count_key(network), rates.cap_allowance(rules.SMS_NETWORK)))
    if purse is Purse.TOLD:
        found.append(Count("sms codes", _TOTAL_KEY, _COUNTED_ONLY))
    return [replace(each, key=decoy_key, allowance=UNBOUNDED) for each in found] if decoy_key else found


def find_refusing_cap(full_scopes: Sequence[tuple[str, int]]) -> tuple[SmsCap, int] | None:
    """Return the cost limit among the full scopes, and the seconds to wait for it; None if there is none."""
    return next(((_CAPS_BY_SCOPE[scope], wait) for scope, wait in full_scopes if scope in _CAPS_BY_SCOPE), None)


def is_breaker_open(now: datetime) -> bool:
    """Return whether the breaker is open: of many codes sent, few came back."""
    sent = ledger.count_recent("sms codes", _TOTAL_KEY, now, BREAKER)
    used = ledger.count_recent("sms proved", _TOTAL_KEY, now, BREAKER)
    return sent >= BREAKER.windows[0][0] and 100 * used < LEAST_PERCENT_USED * sent


def count_code_used(now: datetime) -> None:
    """Count a code that was sent by SMS and came back."""
    ledger.spend_all(now, Count("sms proved", _TOTAL_KEY, _COUNTED_ONLY))


def _count_key(whom: str) -> bytes:
    return conf.keys.digest("sms", whom.encode())
