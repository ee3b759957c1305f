"""What the engine hands out, and the port through which it counts guesses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class Budget(Protocol):
    """How many wrong codes one address may see, whatever is resent, restarted or retried through another door
    (SP 800-63B-4, 3.2.2): one count over all purposes."""

    def spend(self, subject: bytes, now: datetime) -> int:
        """Count one guess before it is compared: 0 if it may be compared, else the seconds until one may be."""

    def give_back(self, subject: bytes, now: datetime, *, proved: bool) -> None:
        """The guess just counted was not wrong; `proved` also ends the run of consecutive failures."""

    def seconds_until_guess(self, subject: bytes, now: datetime) -> int:
        """Seconds until the next guess may be compared; 0 while guesses are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeStatus:
    """Where a challenge stands at one moment, as a person wants to know it; whole seconds, 0 where it is over."""

    expires_in: int
    code_expires_in: int
    resend_in: int
    resends_left: int
    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A secret that was just made, and all that its message and the answer need.

    `code` and `link` are None where the policy has none, and for a decoy; `first`: none was made for it before.
    """

    id: UUID
    handle: str
    code: str | None
    link: str | None
    decoy: bool
    is_first_send: bool
    payload: Mapping[str, Any]
    expires_at: datetime
    status: ChallengeStatus


@dataclass(frozen=True, slots=True)
class Proof:
    """A secret was right and this caller holds the lease: what was sealed at issue."""

    id: UUID
    subject: bytes
    payload: Mapping[str, Any]
