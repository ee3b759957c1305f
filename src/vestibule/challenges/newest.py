"""The pointer to the newest challenge of a subject, for purposes where only the newest counts. It is a database row
that moves in the transaction of the message, whatever store keeps the challenges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import QuerySet

from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.models import Newest
from vestibule.challenges.payloads import Payload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy
from vestibule.storage.database import on_commit
from vestibule.storage.rows import insert_once, update_row


@dataclass(frozen=True, slots=True)
class NewestPointer:
    """The pointer of a subject, locked until the caller's transaction ends, and the challenge that it points to."""

    row: Newest
    subjects: Sequence[bytes]
    challenge: Challenge | None

    def point_to(self, issued: Issued[Payload]) -> None:
        """Make `issued` the only challenge that counts, from the commit on. Call it only if the message will be
        sent."""
        self._move_pointer(issued.id, issued.expires_at)

    def retire_all(self, now: datetime) -> None:
        """Make every challenge issued before void, from the commit on."""
        self._move_pointer(entropy.random_uuid(), now + challenges.policies[Purpose(self.row.purpose)].ttl)

    def _move_pointer(self, challenge_id: UUID, expires_at: datetime) -> None:
        update_row(self.row, challenge_id=challenge_id, expires_at=expires_at)
        if under_older_keys := self.subjects[1:]:
            Newest.objects.filter(purpose=self.row.purpose, subject__in=under_older_keys).delete()
        if self.challenge:
            on_commit(partial(challenges.retire, self.challenge))


def lock_pointer(purpose: Purpose, subjects: Sequence[bytes], now: datetime) -> NewestPointer:
    """Lock the pointer of a subject (its digest under each key of the ring, newest first), in the caller's transaction.
    Concurrent starts for one subject therefore run one after another."""
    row = Newest(purpose=purpose, subject=subjects[0], expires_at=now)
    if not insert_once(row):
        row = Newest.objects.select_for_update().filter(purpose=purpose, subject=subjects[0]).first() or row
    if row.challenge_id:
        return NewestPointer(row, subjects, challenges.store.get(row.challenge_id))
    return NewestPointer(row, subjects, find_newest(purpose, subjects) if subjects[1:] else None)


def find_newest(purpose: Purpose, subjects: Sequence[bytes]) -> Challenge | None:
    """Return the challenge that counts, used or not; None if none is known."""
    placed = Newest.objects.filter(purpose=purpose, subject__in=subjects, challenge_id__isnull=False)
    if (found := placed.order_by("-expires_at").first()) and found.challenge_id:
        return challenges.store.get(found.challenge_id)
    return next(iter(challenges.list_newest(purpose, subjects, limit=1)), None)  # issued before there were pointers


def is_superseded(challenge: Challenge) -> bool:
    """Return whether a newer challenge took the place of this one."""
    placed = Newest.objects.filter(purpose=challenge.purpose, subject=challenge.subject, challenge_id__isnull=False)
    return placed.exclude(challenge_id=challenge.id).exists()


def expired_pointers(before: datetime) -> QuerySet[Newest]:
    """Return the pointers whose challenges expired before that moment."""
    return Newest.objects.filter(expires_at__lt=before)
