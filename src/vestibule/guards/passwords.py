"""How many passwords may be tried on one account, whatever the door: counted before they are compared, in the database.

Strangers wait longer and longer; a device or network that the person has signed in from has a count of its own, so
that no stranger keeps the owner out (ASVS 6.1.1). A hundred in a row, over all of them, and the password is disabled
until the owner proves the mailbox (SP 800-63B-4, 3.2.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.guards import ledger
from vestibule.guards.allowance import Allowance, Delay
from vestibule.guards.ledger import Count
from vestibule.kernel.errors import Locked

IN_A_ROW, STRANGERS_WAIT_AFTER, KNOWN_WAIT_AFTER = 100, 5, 20
STRANGE_AFTER = 3  # failures of strangers in a row; from then on a captcha may be asked for
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
ALL = Allowance(in_a_row=IN_A_ROW)
STRANGERS = Allowance(delay=Delay(after=STRANGERS_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
KNOWN = Allowance(delay=Delay(after=KNOWN_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
_ALL, _STRANGERS, _PLACE = "passwords", "passwords of strangers", "passwords from"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose passwords are counted: `key` is the account's (or, where nobody has that name, the name's) digest; `place`
    the known device's or network's, empty for strangers."""

    key: bytes
    place: bytes = b""

    @property
    def _counts(self) -> tuple[Count, Count]:
        if self.place:
            return Count(_ALL, self.key, ALL), Count(_PLACE, self.place, KNOWN)
        return Count(_ALL, self.key, ALL), Count(_STRANGERS, self.key, STRANGERS)


def spend(account: Account, now: datetime) -> int:
    """Count one password before it is compared; how many there are in a row now, over all places. Raises Locked while
    none may be: with nothing counted."""
    spent = ledger.spend_all(now, *account._counts)
    if spent.wait:
        # An hour at most is told: whether the account is shut for good is nobody's business.
        raise Locked(retry_after=min(spent.wait, int(_HOUR.total_seconds())))
    return spent.streaks[0]


def give_back(account: Account, now: datetime) -> None:
    """What was counted was not wrong."""
    for each in account._counts:
        ledger.give_back(each.scope, each.key, now, proved=False)


def proved(account: Account) -> None:
    """It was right: the run of failures is over, in the caller's transaction."""
    ledger.forget(*((each.scope, each.key) for each in account._counts))


def strange(account: Account, now: datetime) -> bool:
    """Whether strangers failed here so often that the next should show to be a person. Never for a known place, and not
    while strangers wait anyway."""
    _, here = account._counts
    if account.place or ledger.streak(here.scope, here.key) < STRANGE_AFTER:
        return False
    return ledger.wait(here.scope, here.key, now, here.allowance) == 0


def forgive(key: bytes) -> None:
    """The owner proved the mailbox: the account's counts start anew."""
    ledger.forget((_ALL, key), (_STRANGERS, key))
