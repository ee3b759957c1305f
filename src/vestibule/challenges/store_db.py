"""The challenge store in the database: every verb is one guarded UPDATE, durable when it returns."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from vestibule.challenges.models import StoredChallenge
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge, State
from vestibule.storage.database import atomic
from vestibule.storage.prepared import PreparedQuery
from vestibule.storage.rows import insert_row

_BY_ID = PreparedQuery(StoredChallenge.objects.all(), "id")


def _claimable_at(now: datetime) -> Q:
    """Match records that wait, or whose lease ran out."""
    return Q(state=State.WAITING) | Q(state=State.CLAIMED, leased_until__lte=now)


class DatabaseStore:
    """`store.Store` over the `challenge` table."""

    def add(self, challenge: Challenge) -> None:
        """Store a new record in the caller's transaction, so that it commits together with its message."""
        insert_row(
            StoredChallenge(
                id=challenge.id,
                purpose=challenge.purpose,
                subject=challenge.subject,
                digests=challenge.digests,
                sealed_payload=challenge.sealed_payload,
                sent_at=challenge.sent_at,
                expires_at=challenge.expires_at,
                attempts=challenge.attempts,
                sends=challenge.sends,
                state=challenge.state,
            )
        )

    def get(self, id: UUID) -> Challenge | None:
        row = _BY_ID.first(id)
        return _challenge_from_row(row) if row else None

    def list_newest(self, purpose: Purpose, subjects: Sequence[bytes], *, limit: int) -> list[Challenge]:
        rows = StoredChallenge.objects.filter(purpose=purpose, subject__in=subjects).order_by("-sent_at")
        return [_challenge_from_row(row) for row in rows[:limit]]

    def count_attempt(self, id: UUID, *, limit: int, now: datetime) -> bool:
        open_to_guesses = (
            self._query_record(id).filter(attempts__lt=limit, expires_at__gt=now).exclude(state=State.SETTLED)
        )
        return self._update_durably(open_to_guesses, attempts=F("attempts") + 1)

    def return_attempt(self, id: UUID) -> None:
        self._update_durably(self._query_record(id).filter(attempts__gt=0), attempts=F("attempts") - 1)

    def count_send(self, challenge: Challenge, *, digests: bytes, now: datetime, expires_at: datetime) -> bool:
        unsent = self._query_record(challenge.id).filter(
            _claimable_at(now), sends=challenge.sends, digests=challenge.digests
        )
        return self._update_durably(
            unsent,
            digests=digests,
            sends=F("sends") + 1,
            sent_at=now,
            expires_at=expires_at,
            state=State.WAITING,
            lease=None,
            leased_until=None,
        )

    def undo_send(self, challenge: Challenge, *, digests: bytes) -> None:
        self._update_durably(
            self._query_record(challenge.id).filter(digests=digests),
            digests=challenge.digests,
            sends=challenge.sends,
            sent_at=challenge.sent_at,
            expires_at=challenge.expires_at,
        )

    def claim(self, challenge: Challenge, *, lease: UUID, now: datetime, until: datetime) -> bool:
        claimable = self._query_record(challenge.id).filter(
            _claimable_at(now), digests=challenge.digests, attempts__gt=0
        )
        return self._update_durably(
            claimable, state=State.CLAIMED, lease=lease, leased_until=until, attempts=F("attempts") - 1
        )

    def replace_payload(self, challenge: Challenge, *, sealed_payload: bytes, now: datetime) -> bool:
        unchanged = self._query_record(challenge.id).filter(
            _claimable_at(now), sealed_payload=challenge.sealed_payload, expires_at__gt=now
        )
        return unchanged.update(sealed_payload=sealed_payload) == 1

    def settle(self, id: UUID) -> None:
        self._update_durably(self._query_record(id), state=State.SETTLED, lease=None, leased_until=None)

    def release(self, id: UUID, *, lease: UUID) -> None:
        self._update_durably(
            self._query_record(id).filter(state=State.CLAIMED, lease=lease),
            state=State.WAITING,
            lease=None,
            leased_until=None,
        )

    def count_expired(self, *, before: datetime) -> int:
        return StoredChallenge.objects.filter(expires_at__lt=before).count()

    def delete_expired(self, *, before: datetime, limit: int) -> int:
        dead = StoredChallenge.objects.filter(expires_at__lt=before).values("pk")[:limit]
        return StoredChallenge.objects.filter(pk__in=dead).delete()[0]

    def _query_record(self, id: UUID) -> QuerySet[StoredChallenge]:
        return StoredChallenge.objects.filter(pk=id)

    def _update_durably(self, guarded: QuerySet[StoredChallenge], **changes: object) -> bool:
        """Run one UPDATE that is committed when this returns. `durable` forbids an outer transaction, which a refusal
        could roll back."""
        with atomic(durable=True):
            return guarded.update(**changes) == 1


def _challenge_from_row(row: StoredChallenge) -> Challenge:
    return Challenge(
        id=row.id,
        purpose=Purpose(row.purpose),
        subject=bytes(row.subject),
        digests=bytes(row.digests),
        sealed_payload=bytes(row.sealed_payload),
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        sends=row.sends,
        state=State(row.state),
        lease=row.lease,
        leased_until=row.leased_until,
    )
