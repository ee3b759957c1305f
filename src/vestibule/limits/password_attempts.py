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

from vestibule.kernel.errors import Locked, Refusal
from vestibule.limits import ledger
from vestibule.limits.ledger import Count
from vestibule.limits.rolling_window import Allowance, GrowingDelay

MOST_IN_A_ROW = ledger.MOST_IN_A_ROW
STRANGERS_WAIT_AFTER, KNOWN_WAIT_AFTER = 5, 20
SUSPICIOUS_AFTER = 3  # failures of strangers in a row; from then on a captcha may be asked for
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
ALL_PLACES_ALLOWANCE = Allowance(most_in_a_row=MOST_IN_A_ROW)
STRANGERS_ALLOWANCE = Allowance(delay=GrowingDelay(after=STRANGERS_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
KNOWN_PLACE_ALLOWANCE = Allowance(delay=GrowingDelay(after=KNOWN_WAIT_AFTER, first=_MINUTE, longest=_HOUR))
_ALL_SCOPE, _STRANGERS_SCOPE, _NAME_SCOPE, _PLACE_SCOPE = (
    "passwords",
    "passwords of strangers",
    "passwords by name",
    "passwords from",
)


@dataclass(frozen=True, slots=True)
class CountedAccount:
    """Whose passwords are counted: `key` is the account's (or, where nobody has that name, the name's) digest, `name`
    the digest of the name as it was typed, `place` that of the device, session or network that the account is known to
    be used from; empty for strangers. `shared`: the place is a network."""

    key: bytes
    name: bytes = b""
    place: bytes = b""
    shared: bool = False

    @property
    def _visible_count(self) -> Count:
        """The count whose delay the client is told."""
        own = self.place and not self.shared
        return (
            Count(_PLACE_SCOPE, self.place, KNOWN_PLACE_ALLOWANCE)
            if own
            else Count(_NAME_SCOPE, self.name, STRANGERS_ALLOWANCE)
        )

    @property
    def _hidden_counts(self) -> tuple[Count, ...]:
        """The counts of the account, which nobody is told."""
        whole = Count(_ALL_SCOPE, self.key, ALL_PLACES_ALLOWANCE)
        if not self.place:
            return whole, Count(_STRANGERS_SCOPE, self.key, STRANGERS_ALLOWANCE)
        return (whole, Count(_PLACE_SCOPE, self.place, KNOWN_PLACE_ALLOWANCE)) if self.shared else (whole,)


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """A password that was counted: whether it may open the account, and how many failed in a row now, over all places
    (0 where it may not). `instead`: what a wrong one is answered where strangers would be refused unseen."""

    allowed: bool
    failures_in_a_row: int = 0
    refusal_if_wrong: Refusal | None = None


def count_attempt(account: CountedAccount, now: datetime, refusal: Refusal | None = None) -> CountedAttempt:
    """Count one password before it is compared. `refused`: what a stranger is told here before any is compared.

    Where the account must wait, the name's count alone goes on, and the attempt is not `allowed`. Raises `refused`, or
    Locked where the name or the place must wait, with nothing counted; a known network passes both, with the right
    password only.
    """
    shown, hidden = account._visible_count, account._hidden_counts
    if not refusal:
        spent = ledger.spend_all(now, shown, *hidden)
        if not spent.wait:
            return CountedAttempt(allowed=True, failures_in_a_row=spent.streaks[1])
        wait = ledger.spend_all(now, shown).wait
        if not wait:
            return CountedAttempt(allowed=False)
        refusal = Locked(retry_after=wait)
    if account.shared:
        spent = ledger.spend_all(now, *hidden)
        if not spent.wait:
            return CountedAttempt(allowed=True, failures_in_a_row=spent.streaks[0], refusal_if_wrong=refusal)
    raise refusal


def take_back_attempt(account: CountedAccount, attempt: CountedAttempt, now: datetime) -> None:
    """What was counted was not wrong."""
    shown = () if attempt.refusal_if_wrong else (account._visible_count,)
    for each in (*shown, *(account._hidden_counts if attempt.allowed else ())):
        ledger.give_back(each.scope, each.key, now, proved=False)


def record_success(account: CountedAccount, attempt: CountedAttempt, now: datetime) -> None:
    """It was right: the run of failures is over, in the caller's transaction. What strangers failed at the name stays
    where a network passed them: that its count begins anew would tell them that somebody signed in."""
    ended = account._hidden_counts if account.shared else (account._visible_count, *account._hidden_counts)
    ledger.reset_counts(*((each.scope, each.key) for each in ended))
    if account.shared and not attempt.refusal_if_wrong:
        ledger.give_back(account._visible_count.scope, account._visible_count.key, now, proved=False)


def has_suspicious_failures(account: CountedAccount, now: datetime) -> bool:
    """Whether so many failed at this name that the next should show to be a person. Never for a device of the person's
    own, and not while strangers wait anyway."""
    shown = account._visible_count
    if (account.place and not account.shared) or ledger.current_streak(shown.scope, shown.key) < SUSPICIOUS_AFTER:
        return False
    return ledger.seconds_until_free(shown.scope, shown.key, now, shown.allowance) == 0


def reset_failures(*keys: bytes) -> None:
    """The owner proved an address: the counts of the account and of its names start anew."""
    ledger.reset_counts(*((scope, key) for scope in (_ALL_SCOPE, _STRANGERS_SCOPE, _NAME_SCOPE) for key in keys))
