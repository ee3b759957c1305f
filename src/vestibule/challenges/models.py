"""The tables of the database store and of the pointers to the newest challenges."""

from django.db import models

from vestibule.challenges.store import State
from vestibule.kernel import entropy


class StoredChallenge(models.Model):
    """One record of the database store; the columns are the fields of `store.Challenge`."""

    id = models.UUIDField(primary_key=True, editable=False)
    purpose = models.CharField(max_length=40)  # one of `challenges.policy.Purpose`
    subject = models.BinaryField(max_length=32)
    digests = models.BinaryField(max_length=64)
    sealed_payload = models.BinaryField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sends = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in State])
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "vestibule_challenge"
        indexes = [models.Index(fields=["subject", "purpose"], name="vestibule_challenge_of_subject")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]), name="vestibule_challenge_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class Newest(models.Model):
    """A pointer to the newest challenge of a purpose and subject (`challenges.newest`).

    It is in the database whatever store keeps the challenges, so that it moves in the transaction of the message.
    `challenge_id` is None while the first start is under way, and if no message was sent.
    """

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    purpose = models.CharField(max_length=40)
    subject = models.BinaryField(max_length=32)
    challenge_id = models.UUIDField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "vestibule_challenge_newest"
        constraints = [models.UniqueConstraint(fields=["subject", "purpose"], name="vestibule_challenge_newest_once")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.challenge_id}"
