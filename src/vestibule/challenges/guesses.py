"""What a wrong secret costs: one guess of an address, or one wrong second factor of an account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vestibule.challenges.policy import Policy, Purpose
from vestibule.challenges.results import Budget, ProvedGuess
from vestibule.challenges.store import Challenge

MAX_GUESSABLE_LENGTH = 10  # characters; a longer secret cannot be guessed and is not counted against the budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """The budgets of an engine. Of second factors every one is counted, whatever its length. A long one (a recovery
    code, an assertion) goes to `long_factors`, the same count without an end after so many in a row: it is another
    proof than the one that was guessed at (docs/decisions/0106)."""

    policies: Mapping[Purpose, Policy]
    codes: Budget
    factors: Budget
    long_factors: Budget

    def spend(self, challenge: Challenge, secret: str, now: datetime) -> int:
        """Count one guess before it is compared. Return 0 if it may be compared, else the seconds until one may be."""
        if not self._is_guess(challenge, secret):
            return 0
        return self._budget_of(challenge, secret).spend(challenge.subject, now)

    def seconds_until_code(self, subject: bytes, now: datetime) -> int:
        """Return the seconds until the next code of the address may be compared; 0 while guesses are left."""
        return self.codes.seconds_until_guess(subject, now)

    def take_back(self, challenge: Challenge, secret: str, now: datetime) -> None:
        """Take back the guess counted last, because it was not wrong."""
        if self._is_guess(challenge, secret):
            self._budget_of(challenge, secret).give_back(challenge.subject, now, proved=False)

    def proved_guess(self, challenge: Challenge, now: datetime) -> ProvedGuess:
        """Return the guess counted last, because it proved the challenge."""
        return ProvedGuess(self._budget_of(challenge), challenge.subject, now)

    def _is_guess(self, challenge: Challenge, secret: str) -> bool:
        return self.policies[challenge.purpose].proves_factor or len(secret) <= MAX_GUESSABLE_LENGTH

    def _budget_of(self, challenge: Challenge, secret: str = "") -> Budget:
        if not self.policies[challenge.purpose].proves_factor:
            return self.codes
        # Spaces between the digits of a short code do not make it a long one.
        is_long = sum(character.isalnum() for character in secret) > MAX_GUESSABLE_LENGTH
        return self.long_factors if is_long else self.factors
