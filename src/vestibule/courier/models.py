"""The table of the outbox."""

from django.db import models

from vestibule.addresses.address import Channel
from vestibule.kernel import entropy

HTTP = "http"  # the channel of what is told to a program rather than a person


class State(models.TextChoices):
    """`queued -> sending (lease) -> sent | abandoned`."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    ABANDONED = "abandoned"


class Feedback(models.TextChoices):
    """What the provider reported about a message that it had accepted."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    LIFTED = "lifted"  # a bounce or complaint that counts no longer


class Message(models.Model):
    """One message to one address: of a person, or of a program (channel `http`), and then `recipient` is the digest of
    the account that it is about.

    `sealed` holds address and parameters (codes, links) and is wiped when the message ends. `topic` is the challenge
    that it belongs to; a newer message of a topic replaces a waiting one. After `useless_at`, when its code has
    expired, it is not sent any more.
    """

    id = models.UUIDField(primary_key=True, default=entropy.row_id, editable=False)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=5, choices=[*Channel.choices, (HTTP, "HTTP")])
    recipient = models.BinaryField(max_length=32)
    recipient_hint = models.CharField(max_length=254)
    language = models.CharField(max_length=35, blank=True, default="", db_default="")  # empty: LANGUAGE_CODE
    topic = models.UUIDField(null=True, db_index=True)
    sealed = models.BinaryField(null=True)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=60, blank=True)
    feedback = models.CharField(max_length=10, choices=Feedback, blank=True)
    feedback_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    useless_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_superseded: bool  # of one that a worker took: whether a newer message of the topic has been posted (`leases`)

    class Meta:
        db_table = "vestibule_message"
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state__in=["queued", "sending"]), name="vestibule_message_due"
            ),
            models.Index(fields=["ended_at"], name="vestibule_message_ended"),
            models.Index(fields=["created_at"], name="vestibule_message_newest"),
            models.Index(
                fields=["recipient"],
                condition=models.Q(feedback__in=["bounced", "complained"]),
                name="vestibule_message_refused",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="vestibule_message_state_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=[State.QUEUED, State.SENDING], sealed__isnull=False)
                | models.Q(state__in=[State.SENT, State.ABANDONED], sealed__isnull=True),
                name="vestibule_message_wiped_at_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
