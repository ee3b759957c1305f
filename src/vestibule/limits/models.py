"""The table of the ledger."""

from django.db import models


class Tally(models.Model):
    """The recent times of one thing that is counted exactly, and how many came in a row.

    `scope` names what is counted, `key` is the keyed digest of the party it is counted for, `moments` are whole seconds
    since the epoch.
    """

    scope = models.CharField(max_length=60)
    key = models.BinaryField(max_length=32)
    moments = models.JSONField(default=list)
    streak = models.PositiveIntegerField(default=0)
    touched_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "vestibule_limit_tally"
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="vestibule_limit_tally_once")]

    def __str__(self) -> str:
        return self.scope
