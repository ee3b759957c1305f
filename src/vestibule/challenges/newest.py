"""Which challenge counts where only the newest of its subject does: a row that moves in the transaction of its message,
whatever store keeps the challenges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import QuerySet
from django.db.transaction import on_commit

from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.models import Newest
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_once, update_row

_LOCKED_POINTER = PreparedQuery(Newest.objects.select_for_update(), "purpose", "subject")


@dataclass(frozen=True, slots=True)
class NewestPointer:
    """The place of the newest of a subject, held until the caller's transaction ends, and what has it."""

    row: Newest
    subjects: Sequence[bytes]
    challenge: Challenge | None

    def point_to(self, issued: Issued) -> None:
        """From the commit on `issued` counts, and nothing that was issued before. For a message that really goes: one
        that is held back takes no place."""
        self._move_pointer(issued.id, issued.expires_at)

    def retire_all(self, now: datetime) -> None:
        """From the commit on nothing counts that was issued before, and nothing takes its place."""
        self._move_pointer(entropy.random_uuid(), now + challenges.policies[Purpose(self.row.purpose)].ttl)

    def _move_pointer(self, challenge_id: UUID, expires_at: datetime) -> None:
        update_row(self.row, challenge_id=challenge_id, expires_at=expires_at)
        if under_older_keys := self.subjects[1:]:
            Newest.objects.filter(purpose=self.row.purpose, subject__in=under_older_keys).delete()
        if self.challenge:
            on_commit(partial(challenges.retire, self.challenge))


def lock_pointer(purpose: Purpose, subjects: Sequence[bytes], now: datetime) -> NewestPointer:
    """Hold the place of a subject (its digest under each key of the ring, newest first), in the caller's transaction:
    of any number of starts at once, one goes on after the other."""
    row = Newest(purpose=purpose, subject=subjects[0], expires_at=now)
    if not insert_once(row):
        row = _LOCKED_POINTER.first(purpose, subjects[0]) or row
    if row.challenge_id:
        return NewestPointer(row, subjects, challenges.store.get(row.challenge_id))
    return NewestPointer(row, subjects, find_newest(purpose, subjects) if subjects[1:] else None)


def find_newest(purpose: Purpose, subjects: Sequence[bytes]) -> Challenge | None:
    """The challenge that counts, used up or not; None where nothing is known of any."""
    placed = Newest.objects.filter(purpose=purpose, subject__in=subjects, challenge_id__isnull=False)
    if (found := placed.order_by("-expires_at").first()) and found.challenge_id:
        return challenges.store.get(found.challenge_id)
    return next(iter(challenges.list_newest(purpose, subjects, limit=1)), None)  # issued before there were places


def is_superseded(challenge: Challenge) -> bool:
    """Whether another one has its place."""
    placed = Newest.objects.filter(purpose=challenge.purpose, subject=challenge.subject, challenge_id__isnull=False)
    return placed.exclude(challenge_id=challenge.id).exists()


def expired_pointers(before: datetime) -> QuerySet[Newest]:
    """The places of challenges that expired before that moment."""
    return Newest.objects.filter(expires_at__lt=before)
