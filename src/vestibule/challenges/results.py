"""The engine's results, and the port through which it counts guesses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol
from uuid import UUID

from vestibule.challenges.payloads import PayloadT_co


class Budget(Protocol):
    """A port: how many wrong codes one address (or wrong second factors one account) may see, over all purposes,
    whatever is resent, restarted or retried through another endpoint (SP 800-63B-4, 3.2.2)."""

    def spend(self, subject: bytes, now: datetime) -> int:
        """Count one guess before it is compared. Return 0 if it may be compared, else the seconds until one may be."""

    def give_back(self, subject: bytes, now: datetime, *, proved: bool) -> None:
        """Take back the guess counted last, because it was not wrong. `proved` also resets the run of consecutive
        failures."""

    def end_run(self, subjects: Sequence[bytes]) -> None:
        """End the run of consecutive failures (of the subject under each key of the ring), because nothing is left to
        guess at. What was counted stays counted."""

    def seconds_until_guess(self, subject: bytes, now: datetime) -> int:
        """Return the seconds until the next guess may be compared; 0 while guesses are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeStatus:
    """The state of a challenge at one moment, for the person: whole seconds and counts, 0 if it is over."""

    expires_in: int
    code_expires_in: int
    resend_in: int
    resends_left: int
    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued(Generic[PayloadT_co]):
    """A secret that was just made, with everything that its message and the answer need.

    `code` and `link` are None if the policy has none, and for a decoy. `is_first_send` is False for a resend.
    """

    id: UUID
    handle: str
    code: str | None
    link: str | None
    decoy: bool
    is_first_send: bool
    payload: PayloadT_co
    expires_at: datetime
    status: ChallengeStatus


@dataclass(slots=True)
class ProvedGuess:
    """The guess that was counted before it turned out to be right."""

    budget: Budget
    subject: bytes
    at: datetime
    is_settled: bool = False

    def settle(self) -> None:
        """Take it back, if it was counted, and end the run of consecutive failures: in each transaction that tries what
        the proof leads to, or after it."""
        self.budget.give_back(self.subject, self.at, proved=True)
        self.is_settled = True

    def settle_if_left(self) -> None:
        """Settle it, if no transaction did."""
        if not self.is_settled:
            self.settle()


@dataclass(frozen=True, slots=True)
class Proof(Generic[PayloadT_co]):
    """The secret was right and this caller holds the lease. `payload` is what was sealed at issue, `sent_at` when the
    secret was last sent. `guess` is settled by the engine, if the caller has not done so in its transaction."""

    id: UUID
    subject: bytes
    sent_at: datetime
    payload: PayloadT_co
    guess: ProvedGuess
