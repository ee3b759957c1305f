"""The tables of the audit log. Its rows are only inserted; PostgreSQL refuses to rewrite them (`0001_initial`)."""

from django.db import models


class AuditEvent(models.Model):
    """One recorded event. `user_id` is no foreign key, because the record outlives the account.

    `challenge_id` is unique: the database refuses to commit the work of one proof twice. `subject` is the keyed digest
    of the address concerned; no address is stored in clear. If one person acted on another's account, `user_id` is the
    other, `by_id` the one who acted, and `reason` their reason. `application` is the client id of the application
    concerned. `address_cut` says that the IP address was truncated to its network (`audit.retention`).
    """

    at = models.DateTimeField(db_index=True)
    name = models.CharField(max_length=60)
    code = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=60)
    user_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    application = models.CharField(max_length=512, blank=True, default="", db_default="")
    subject = models.BinaryField(max_length=32, null=True)
    challenge_id = models.UUIDField(null=True, unique=True)
    address = models.GenericIPAddressField(null=True)
    address_cut = models.BooleanField(default=False, db_default=False)
    agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "vestibule_audit_event"
        indexes = [
            models.Index(fields=["name", "at"], name="vestibule_audit_event_of_name"),
            models.Index(fields=["user_id", "at"], name="vestibule_audit_event_of_user"),
            models.Index(
                fields=["at"],
                condition=models.Q(address__isnull=False, address_cut=False),
                name="vestibule_audit_whole_address",
            ),
            models.Index(fields=["by_id"], condition=models.Q(by_id__isnull=False), name="vestibule_audit_event_by"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.name}"


class DayTally(models.Model):
    """How often something happened on a day (UTC) that is too frequent for a row each (`audit.daily_counts`)."""

    day = models.DateField()
    name = models.CharField(max_length=60)
    code = models.CharField(max_length=40, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "vestibule_audit_day_tally"
        constraints = [models.UniqueConstraint(fields=["day", "name", "code"], name="vestibule_audit_day_tally_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name} {self.count}"
