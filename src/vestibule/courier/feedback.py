"""What became of a message after the provider took it: delivered, bounced, complained of."""

from datetime import datetime, timedelta
from uuid import UUID

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier.models import Feedback, Message
from vestibule.database.prepared import Prepared
from vestibule.kernel.client import Client

HELD = timedelta(days=7)  # for so long nothing is sent to an address whose mail came back
BOUNCED = "bounced"

_REFUSED = (Feedback.BOUNCED, Feedback.COMPLAINED)
_CAME_BACK = Prepared(Message.objects.filter(feedback__in=_REFUSED).only("id"), "recipient", "feedback_at__gt")


def tell(client: Client, message_id: UUID, feedback: Feedback) -> bool:
    """Mark the message; whether there is one. What came back stays so, whatever is told late or again."""
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
    return True


def came_back(recipient: bytes, now: datetime) -> bool:
    """Whether mail to this address (its digest) bounced or was complained of lately."""
    return _CAME_BACK.first(recipient, now - HELD) is not None


def bounced(topic: UUID) -> bool:
    """Whether the newest message of a topic came back, or was not even sent because the one before did."""
    newest = Message.objects.filter(topic=topic).order_by("-created_at").first()
    return newest is not None and BOUNCED in (newest.feedback, newest.trouble)
