"""Feedback of the provider about a message that it accepted: delivered, bounced, complained of."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.conf import conf
from vestibule.courier.models import Feedback, Message
from vestibule.kernel.client import Client
from vestibule.storage.prepared import PreparedQuery

BOUNCED = "bounced"

_REFUSING_FEEDBACK = (Feedback.BOUNCED, Feedback.COMPLAINED)
_REFUSED_MESSAGES = PreparedQuery(
    Message.objects.filter(feedback__in=_REFUSING_FEEDBACK).only("feedback"), "recipient", "feedback_at__gt"
)


def mark_message(client: Client, message_id: UUID, feedback: Feedback) -> bool:
    """Record the feedback about a message, and return whether the message exists.

    A bounce or complaint is never overwritten by late or repeated feedback. The delivery of a message written after a
    bounce lifts the suppression of the address.
    """
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        return False
    marked = Message.objects.filter(pk=message_id).exclude(feedback__in=[feedback, *_REFUSING_FEEDBACK])
    if marked.update(feedback=feedback, feedback_at=client.at):
        record_event(
            events.MESSAGE_FEEDBACK,
            client,
            code=feedback,
            subject=bytes(message.recipient),
            kind=message.kind,
            channel=message.channel,
        )
        if feedback == Feedback.DELIVERED:
            lift_suppression([bytes(message.recipient)], before=message.created_at)
    return True


def suppression_reasons(recipient: bytes, now: datetime) -> set[str]:
    """Return why this address (its digest) is not written to: bounces and complaints within BOUNCE_SILENCE."""
    return {message.feedback for message in _REFUSED_MESSAGES.all(recipient, now - conf.bounce_silence)}


def lift_suppression(recipients: Sequence[bytes], *, before: datetime) -> int:
    """Forget the bounces and complaints of these addresses until then, and return how many messages had one."""
    marked = Message.objects.filter(recipient__in=recipients, feedback__in=_REFUSING_FEEDBACK, feedback_at__lte=before)
    return marked.update(feedback=Feedback.LIFTED)


def has_bounced(topic: UUID) -> bool:
    """Return whether the newest message of a topic bounced, or was not sent because an earlier one had."""
    newest = Message.objects.filter(topic=topic).order_by("-created_at").first()
    return newest is not None and BOUNCED in (newest.feedback, newest.trouble)
