"""How many passwords may be tried on one account, whatever the door: counted before they are compared, in the database.

Three counts hold a stranger: one for the name as it was typed, whose delay the stranger is shown; one for the account
over all its names, and one of a hundred in a row over all places, which the stranger is not shown: over them the answer
is that of a wrong password, after the same work, so that no name tells which other name belongs to the same account
(ASVS 6.3.8). A device, session or network that the person has signed in from has a count of its own, so that no
stranger keeps the owner out (ASVS 6.1.1); a network is shared with strangers, so it is shown what strangers are shown,
and only the right password passes. After a hundred in a row the password is disabled until the owner proves an address
(SP 800-63B-4, 3.2.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.guards import ledger
from vestibule.guards.allowance import Allowance, Delay
from vestibule.guards.ledger import Count
from vestibule.kernel.errors import Locked, Refusal

IN_A_ROW = ledger.IN_A_ROW
STRANGERS_WAIT_AFTER, KNOWN_WAIT_AFTER = 5, 20
STRANGE_AFTER = 3  # failures of strangers in a row; from then on a captcha may be asked for
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
ALL = Allowance(in_a_row=IN_A_ROW)
STRANGERS = Allowance(delay=Delay(after=STRANGERS_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
KNOWN = Allowance(delay=Delay(after=KNOWN_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
_ALL, _STRANGERS, _NAME, _PLACE = "passwords", "passwords of strangers", "passwords by name", "passwords from"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose passwords are counted: `key` is the account's (or, where nobody has that name, the name's) digest, `name`
    the digest of the name as it was typed, `place` that of the device, session or network that the account is known to
    be used from; empty for strangers. `shared`: the place is a network."""

    key: bytes
    name: bytes = b""
    place: bytes = b""
    shared: bool = False

    @property
    def _shown(self) -> Count:
        """The count whose delay the client is told."""
        own = self.place and not self.shared
        return Count(_PLACE, self.place, KNOWN) if own else Count(_NAME, self.name, STRANGERS)

    @property
    def _hidden(self) -> tuple[Count, ...]:
        """The counts of the account, which nobody is told."""
        whole = Count(_ALL, self.key, ALL)
        if not self.place:
            return whole, Count(_STRANGERS, self.key, STRANGERS)
        return (whole, Count(_PLACE, self.place, KNOWN)) if self.shared else (whole,)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that was counted: whether it may open the account, and how many failed in a row now, over all places
    (0 where it may not). `instead`: what a wrong one is answered where strangers would be refused unseen."""

    allowed: bool
    in_a_row: int = 0
    instead: Refusal | None = None


def spend(account: Account, now: datetime, refused: Refusal | None = None) -> Attempt:
    """Count one password before it is compared. `refused`: what a stranger is told here before any is compared.

    Where the account must wait, the name's count alone goes on, and the attempt is not `allowed`. Raises `refused`, or
    Locked where the name or the place must wait, with nothing counted; a known network passes both, with the right
    password only.
    """
    shown, hidden = account._shown, account._hidden
    if not refused:
        spent = ledger.spend_all(now, shown, *hidden)
        if not spent.wait:
            return Attempt(allowed=True, in_a_row=spent.streaks[1])
        wait = ledger.spend_all(now, shown).wait
        if not wait:
            return Attempt(allowed=False)
        refused = Locked(retry_after=wait)
    if account.shared:
        spent = ledger.spend_all(now, *hidden)
        if not spent.wait:
            return Attempt(allowed=True, in_a_row=spent.streaks[0], instead=refused)
    raise refused


def give_back(account: Account, attempt: Attempt, now: datetime) -> None:
    """What was counted was not wrong."""
    shown = () if attempt.instead else (account._shown,)
    for each in (*shown, *(account._hidden if attempt.allowed else ())):
        ledger.give_back(each.scope, each.key, now, proved=False)


def proved(account: Account, attempt: Attempt, now: datetime) -> None:
    """It was right: the run of failures is over, in the caller's transaction. What strangers failed at the name stays
    where a network passed them: that its count begins anew would tell them that somebody signed in."""
    ended = account._hidden if account.shared else (account._shown, *account._hidden)
    ledger.forget(*((each.scope, each.key) for each in ended))
    if account.shared and not attempt.instead:
        ledger.give_back(account._shown.scope, account._shown.key, now, proved=False)


def strange(account: Account, now: datetime) -> bool:
    """Whether so many failed at this name that the next should show to be a person. Never for a device of the person's
    own, and not while strangers wait anyway."""
    shown = account._shown
    if (account.place and not account.shared) or ledger.streak(shown.scope, shown.key) < STRANGE_AFTER:
        return False
    return ledger.wait(shown.scope, shown.key, now, shown.allowance) == 0


def forgive(*keys: bytes) -> None:
    """The owner proved an address: the counts of the account and of its names start anew."""
    ledger.forget(*((scope, key) for scope in (_ALL, _STRANGERS, _NAME) for key in keys))
