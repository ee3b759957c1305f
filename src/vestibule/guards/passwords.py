"""How many passwords may be tried on one account, whatever the door: counted before they are compared, in the database.

Strangers wait longer and longer; a device or network that the person has signed in from has a count of its own, so
that no stranger keeps the owner out (ASVS 6.1.1). A hundred in a row, over all of them, and the password is disabled
until the owner proves the mailbox (SP 800-63B-4, 3.2.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.transaction import atomic

from vestibule.guards import ledger
from vestibule.guards.allowance import Allowance, Delay
from vestibule.kernel.errors import Locked

IN_A_ROW, STRANGERS_WAIT_AFTER, KNOWN_WAIT_AFTER = 100, 5, 20
STRANGE_AFTER = 3  # failures of strangers in a row; from then on a captcha may be asked for
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
ALL = Allowance(in_a_row=IN_A_ROW)
STRANGERS = Allowance(delay=Delay(after=STRANGERS_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
KNOWN = Allowance(delay=Delay(after=KNOWN_WAIT_AFTER, first=_MINUTE, longest=_HOUR))


@dataclass(frozen=True, slots=True)
class Account:
    """Whose passwords are counted: `key` is the account's (or, where nobody has that name, the name's) digest; `place`
    the known device's or network's, empty for strangers."""

    key: bytes
    place: bytes = b""

    @property
    def _places(self) -> tuple[tuple[str, bytes, Allowance], ...]:
        one = ("passwords from", self.place, KNOWN) if self.place else ("passwords of strangers", self.key, STRANGERS)
        return ("passwords", self.key, ALL), one


def spend(account: Account, now: datetime) -> None:
    """Count one password before it is compared. Raises Locked while none may be: with nothing counted."""
    with atomic():
        waits = [ledger.wait(scope, key, now, allowance) for scope, key, allowance in account._places]
        if not any(waits):
            waits = [ledger.spend(scope, key, now, allowance) for scope, key, allowance in account._places]
        if any(waits):
            # An hour at most is told: whether the account is shut for good is nobody's business.
            raise Locked(retry_after=min(max(waits), int(_HOUR.total_seconds())))


def give_back(account: Account, now: datetime, *, proved: bool) -> None:
    """What was counted was not wrong; `proved`: it was right, and the run of failures is over."""
    for scope, key, _ in account._places:
        ledger.give_back(scope, key, now, proved=proved)


def failures(account: Account) -> int:
    """How many came in a row, over all places."""
    return ledger.streak("passwords", account.key)


def strange(account: Account, now: datetime) -> bool:
    """Whether strangers failed here so often that the next should show to be a person. Never for a known place, and not
    while strangers wait anyway."""
    _, (scope, key, allowance) = account._places
    if account.place or ledger.streak(scope, key) < STRANGE_AFTER:
        return False
    return ledger.wait(scope, key, now, allowance) == 0


def forgive(key: bytes) -> None:
    """The owner proved the mailbox: the account's counts start anew."""
    for scope in ("passwords", "passwords of strangers"):
        ledger.forget(scope, key)
