"""Limits on password attempts for one account over all endpoints, counted in the database before a password is
compared.

Three counts bound a stranger. The count of the name as typed has a delay that the stranger is told. The count of the
account over all its names, and the count of a hundred in a row over all places, are not told: beyond them the answer is
that of a wrong password, after the same work, so that no name reveals another name of the same account (ASVS 6.3.8).

A device, session or network that the person has signed in from has its own count, so that no stranger can lock the
owner out (ASVS 6.1.1). A network may be shared with strangers: a client on it is told what strangers are told, and only
the right password passes. After a hundred failures in a row the password is disabled until the owner proves an address
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
SUSPICIOUS_AFTER = 3  # failures of strangers in a row, after which a captcha may be required
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
    """The keys under which passwords are counted. `key` is the digest of the account, or of a name that no account has.
    `name` is the digest of the name as typed. `place` is that of the known device, session or network, empty for a
    stranger; `shared` says that it is a network."""

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
        """The counts that no client is told of."""
        whole = Count(_ALL_SCOPE, self.key, ALL_PLACES_ALLOWANCE)
        if not self.place:
            return whole, Count(_STRANGERS_SCOPE, self.key, STRANGERS_ALLOWANCE)
        return (whole, Count(_PLACE_SCOPE, self.place, KNOWN_PLACE_ALLOWANCE)) if self.shared else (whole,)


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """A counted attempt. `allowed` says whether the password may open the account. `counts` is what was counted,
    `failures_in_a_row` over all places (0 if not allowed). `refusal_if_wrong` is what a wrong password is answered on a
    shared network that must wait."""

    allowed: bool
    counts: tuple[Count, ...] = ()
    failures_in_a_row: int = 0
    refusal_if_wrong: Refusal | None = None


def count_attempt(account: CountedAccount, now: datetime, refusal: Refusal | None = None) -> CountedAttempt:
    """Count one password before it is compared.

    If only the hidden counts are full, the attempt is counted for the name and is not `allowed`. A client on a known
    network passes a full count of the name, but only with the right password.

    Raises:
        Refusal: `refusal`, if it was given and no known network lets the client pass.
        Locked: the name or the place must wait. Nothing is counted.
    """
    shown, hidden = account._visible_count, account._hidden_counts
    if not refusal:
        spent = ledger.spend_all(now, shown, *hidden)
        if not spent.wait:
            return CountedAttempt(allowed=True, counts=spent.counts, failures_in_a_row=spent.counts[1].streak)
        wait = ledger.spend_all(now, shown).wait
        if not wait:
            return CountedAttempt(allowed=False)
        refusal = Locked(retry_after=wait)
    if account.shared:
        spent = ledger.spend_all(now, *hidden)
        if not spent.wait:
            failures = spent.counts[0].streak
            return CountedAttempt(
                allowed=True, counts=spent.counts, failures_in_a_row=failures, refusal_if_wrong=refusal
            )
    raise refusal


def take_back_attempt(account: CountedAccount, attempt: CountedAttempt, now: datetime) -> None:
    """Take back what was counted, because the password was not wrong."""
    shown = () if attempt.refusal_if_wrong else (account._visible_count,)
    for each in (*shown, *(account._hidden_counts if attempt.allowed else ())):
        ledger.give_back(each.scope, each.key, now, proved=False)


def record_success(account: CountedAccount, attempt: CountedAttempt, now: datetime) -> None:
    """Reset the failures after a right password, in the caller's transaction.

    If only the network is known, the failures counted for the name stay: a reset would tell a stranger that somebody
    signed in.
    """
    ended = account._hidden_counts if account.shared else (account._visible_count, *account._hidden_counts)
    ledger.settle_counts(attempt.counts, now, ended=ended)


def has_suspicious_failures(account: CountedAccount, now: datetime) -> bool:
    """Return whether strangers failed so often at this name that a captcha should be required. Never for the person's
    own device, and not while strangers must wait anyway."""
    shown = account._visible_count
    if (account.place and not account.shared) or ledger.current_streak(shown.scope, shown.key) < SUSPICIOUS_AFTER:
        return False
    return ledger.seconds_until_free(shown.scope, shown.key, now, shown.allowance) == 0


def reset_failures(*keys: bytes) -> None:
    """Reset the counts of an account and its names, because the owner proved an address."""
    ledger.reset_counts(*((scope, key) for scope in (_ALL_SCOPE, _STRANGERS_SCOPE, _NAME_SCOPE) for key in keys))
