"""The budgets of guesses: how many wrong codes an address, and how many wrong second factors an account, has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vestibule.limits import ledger
from vestibule.limits.ledger import MOST_IN_A_ROW
from vestibule.limits.models import Tally
from vestibule.limits.rolling_window import Allowance

# SP 800-63B-4, 3.1.3.2 and 3.2.2: a new code SHALL NOT reset the count; at most 100 consecutive failures.
WRONG_CODES = Allowance(windows=((10, timedelta(hours=1)), (20, timedelta(days=1))), most_in_a_row=MOST_IN_A_ROW)
# Only a client whose first factor was right gets to spend these.
WRONG_FACTORS = Allowance(
    windows=((5, timedelta(minutes=5)), (20, timedelta(hours=1)), (50, timedelta(days=1))), most_in_a_row=MOST_IN_A_ROW
)

# Nobody guesses a recovery code or a signature: wrong ones spend the same tries, but they, and a hundred wrong codes of
# an app, do not shut this way.
WRONG_LONG_FACTORS = replace(WRONG_FACTORS, most_in_a_row=None)


@dataclass(frozen=True, slots=True)
class GuessBudget:
    """A budget of the engine (`challenges.results.Budget`), in the ledger: one count for each address or account, over
    all purposes."""

    scope: str = "codes"
    allowance: Allowance = WRONG_CODES

    def spend(self, subject: bytes, now: datetime) -> int:
        """Count one guess before it is compared. Return 0 if it may be compared, else the seconds until one may be.

        The statements are the same for a subject with a row, which every address has that proved a code before, and for
        any other.
        """
        return ledger.spend(self.scope, subject, now, self.allowance)

    def give_back(self, subject: bytes, now: datetime, *, proved: bool) -> None:
        """Take back the guess counted last, because it was not wrong. `proved` also resets the run of consecutive
        failures."""
        ledger.give_back(self.scope, subject, now, proved=proved)

    def end_run(self, subjects: Sequence[bytes]) -> None:
        """End the run of consecutive failures (of the subject under each key of the ring), because nothing is left to
        guess at. The windows stay: else each start of an enrolment would give fresh tries."""
        Tally.objects.filter(scope=self.scope, key__in=subjects).update(streak=0)

    def seconds_until_guess(self, subject: bytes, now: datetime) -> int:
        """Return the seconds until the next guess may be compared; 0 while guesses are left."""
        return ledger.seconds_until_free(self.scope, subject, now, self.allowance)
