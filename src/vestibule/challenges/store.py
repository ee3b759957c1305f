"""What a challenge store must do: seven verbs besides reading, each one atomic statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vestibule.challenges.policy import Purpose


class State(StrEnum):
    """Where a record stands. Dead is not kept: it follows from attempts, sends and time."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One record. `subject` is the keyed digest of the address; `digests` the keyed digests of the live secrets."""

    id: UUID
    purpose: Purpose
    subject: bytes
    digests: bytes
    sealed_payload: bytes
    sent_at: datetime
    expires_at: datetime
    attempts: int = 0
    sends: int = 1
    state: State = State.WAITING
    lease: UUID | None = None
    leased_until: datetime | None = None

    def is_leased(self, now: datetime) -> bool:
        """Whether a caller holds the lease at this moment."""
        return self.state is State.CLAIMED and self.leased_until is not None and self.leased_until > now


class Store(Protocol):
    """A port. Every verb but `add`, `get` and `newest` says whether its guard held; a refused verb changes nothing.

    A verb raises Unavailable (or the database's own error) when the store can't be reached.
    """

    def add(self, challenge: Challenge) -> None:
        """Keep a new record."""

    def get(self, id: UUID) -> Challenge | None:
        """The record as it stands, or None."""

    def list_newest(self, purpose: Purpose, subjects: Sequence[bytes], *, limit: int) -> list[Challenge]:
        """At most `limit` records of any of the subjects that are not forgotten yet, newest first."""

    def count_attempt(self, id: UUID, *, limit: int, now: datetime) -> bool:
        """One more attempt, if the record is unexpired, unsettled and below `limit`. Durable before it returns."""

    def return_attempt(self, id: UUID) -> None:
        """Give one counted attempt back: it was not a wrong guess."""

    def count_send(self, challenge: Challenge, *, digests: bytes, now: datetime, expires_at: datetime) -> bool:
        """Replace the secret and count a send, if nobody has sent, claimed or settled since `seen` was read."""

    def undo_send(self, challenge: Challenge, *, digests: bytes) -> None:
        """Put `seen`'s secret, count and times back, if `digests` is still the live secret."""

    def claim(self, challenge: Challenge, *, lease: UUID, now: datetime, until: datetime) -> bool:
        """Take the lease and give the attempt back, if nobody holds it and `seen`'s secret still is the live one."""

    def settle(self, id: UUID) -> None:
        """The work is committed: nothing opens this record again."""

    def release(self, id: UUID, *, lease: UUID) -> None:
        """The work failed: waiting again, if `lease` still is the one that holds it."""

    def count_expired(self, *, before: datetime) -> int:
        """How many records a sweep would forget."""

    def delete_expired(self, *, before: datetime, limit: int) -> int:
        """Forget at most `limit` records that expired before that moment; how many went."""
