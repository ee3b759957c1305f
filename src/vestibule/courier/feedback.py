"""What became of a message after the provider took it: delivered, bounced, complained of."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier.models import Feedback, Message
from vestibule.database.prepared import Prepared
from vestibule.kernel.client import Client

BOUNCED = "bounced"

_REFUSED = (Feedback.BOUNCED, Feedback.COMPLAINED)
_MARKED = Prepared(Message.objects.filter(feedback__in=_REFUSED).only("feedback"), "recipient", "feedback_at__gt")


def tell(client: Client, message_id: UUID, feedback: Feedback) -> bool:
    """Mark the message; whether there is one. What came back stays so, whatever is told late or again; a delivery of
    what was written after a bounce shows that the address takes mail again."""
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        return False
    marked = Message.objects.filter(pk=message_id).exclude(feedback__in=[feedback, *_REFUSED])
    if marked.update(feedback=feedback, feedback_at=client.at):
        record(
            events.MESSAGE_FEEDBACK,
            client,
            code=feedback,
            subject=bytes(message.recipient),
            kind=message.kind,
            channel=message.channel,
        )
        if feedback == Feedback.DELIVERED:
            lift([bytes(message.recipient)], before=message.created_at)
    return True


def silent(recipient: bytes, now: datetime) -> set[str]:
    """Why to be silent towards this address (its digest): within BOUNCE_SILENCE its mail came back, or was complained
    of; mostly nothing."""
    return {message.feedback for message in _MARKED.all(recipient, now - settings.BOUNCE_SILENCE)}


def lift(recipients: Sequence[bytes], *, before: datetime) -> int:
    """Forget what came back from these addresses until then; how many messages had."""
    marked = Message.objects.filter(recipient__in=recipients, feedback__in=_REFUSED, feedback_at__lte=before)
    return marked.update(feedback=Feedback.LIFTED)


def bounced(topic: UUID) -> bool:
    """Whether the newest message of a topic came back, or was not even sent because the one before did."""
    newest = Message.objects.filter(topic=topic).order_by("-created_at").first()
    return newest is not None and BOUNCED in (newest.feedback, newest.trouble)
