"""The port of a challenge store: verbs that are each one atomic statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from vestibule.challenges.policy import Purpose


class State(StrEnum):
    """The stored state of a record. There is no state for a dead record: it follows from attempts, sends and time."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One record. `subject` is the keyed digest of the address; `digests` are the keyed digests of the live secrets."""

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
        """Return whether a caller holds the lease at this moment."""
        return self.state is State.CLAIMED and self.leased_until is not None and self.leased_until > now


class Store(Protocol):
    """A port. `count_attempt`, `count_send`, `claim` and `replace_payload` return whether their guard held; a
    refused verb changes nothing.

    A verb raises Unavailable (or the database's own error) if the store cannot be reached.
    """

    def add(self, challenge: Challenge) -> None:
        """Store a new record."""

    def get(self, id: UUID) -> Challenge | None:
        """Return the record as it is now, or None."""

    def list_newest(self, purpose: Purpose, subjects: Sequence[bytes], *, limit: int) -> list[Challenge]:
        """Return at most `limit` stored records of any of the subjects, newest first."""

    def count_attempt(self, id: UUID, *, limit: int, now: datetime) -> bool:
        """Count an attempt if the record is unexpired, unsettled and below `limit`. The count is durable before this
        returns."""

    def return_attempt(self, id: UUID) -> None:
        """Take back one counted attempt that was not a wrong guess."""

    def count_send(self, challenge: Challenge, *, digests: bytes, now: datetime, expires_at: datetime) -> bool:
        """Replace the secret and count a send, if nobody has sent, claimed or settled since `challenge` was read."""

    def undo_send(self, challenge: Challenge, *, digests: bytes) -> None:
        """Restore the secret, count and times of `challenge`, if `digests` still are those of the live secret."""

    def claim(self, challenge: Challenge, *, lease: UUID, now: datetime, until: datetime) -> bool:
        """Take the lease and give the attempt back, if nobody holds it and the secret of `challenge` still is the live
        one."""

    def replace_payload(self, challenge: Challenge, *, sealed_payload: bytes, now: datetime) -> bool:
        """Seal something else in the record, if it is unexpired and nobody has replaced the payload, claimed or settled
        since `challenge` was read. In the caller's transaction, where the store is in the database."""

    def settle(self, id: UUID) -> None:
        """Close the record because the work is committed: no secret opens it again."""

    def release(self, id: UUID, *, lease: UUID) -> None:
        """Open the record again because the work failed, if `lease` still is the one that holds it."""

    def count_expired(self, *, before: datetime) -> int:
        """Return how many records a sweep would delete."""

    def delete_expired(self, *, before: datetime, limit: int) -> int:
        """Delete at most `limit` records that expired before that moment, and return how many."""
