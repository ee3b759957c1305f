"""The table of the database store."""

from django.db import models

from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import State


class StoredChallenge(models.Model):
    """One record of the database store; the columns are the fields of `store.Challenge`."""

    id = models.UUIDField(primary_key=True, editable=False)
    purpose = models.CharField(max_length=40, choices=[(purpose.value, purpose.value) for purpose in Purpose])
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
        db_table = "challenge"
        indexes = [models.Index(fields=["subject", "purpose"], name="challenge_of_subject")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]), name="challenge_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"
