"""The audit log: insert-only rows."""

from django.db import models


class AuditEvent(models.Model):
    """One fact, once. `user_id` is no foreign key: the record outlives the account.

    `challenge_id` is unique: the database itself refuses to commit the work of one proof twice.
    `subject` is the keyed digest of the address concerned; no address is kept in clear.
    """

    at = models.DateTimeField(db_index=True)
    name = models.CharField(max_length=60, db_index=True)
    code = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=60)
    user_id = models.UUIDField(null=True, db_index=True)
    subject = models.BinaryField(max_length=32, null=True)
    challenge_id = models.UUIDField(null=True, unique=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "audit_event"

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.name}"
