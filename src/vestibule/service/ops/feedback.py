"""`/webhooks/mail`: what the mail provider reports about a message, through anymail, behind HTTP basic authentication
(ANYMAIL_WEBHOOK_SECRET) and the provider's own signature, if it signs."""

from typing import Any
from uuid import UUID

import anymail.urls
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.conf import settings
from django.urls import path
from django.utils import timezone

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import feedback, replies
from vestibule.courier.models import Feedback
from vestibule.courier.replies import Meaning
from vestibule.kernel.client import Client
from vestibule.service.ops import unreadable

FEEDBACK_BY_EVENT = {EventType.DELIVERED: Feedback.DELIVERED, EventType.COMPLAINED: Feedback.COMPLAINED}
REFUSED_EVENTS = (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED)


def handle_tracking_event(event: AnymailTrackingEvent, **_: Any) -> None:
    """Mark the message whose id came back as metadata. Events that concern no message of ours, or say nothing, are
    ignored."""
    try:
        message_id = UUID(str((event.metadata or {}).get("message")))
    except ValueError:
        return
    client, told = Client.for_system("mail provider", timezone.now()), FEEDBACK_BY_EVENT.get(event.event_type)
    if event.event_type in REFUSED_EVENTS:
        meaning = replies.classify_tracking_event(event.reject_reason, event.mta_response)
        if event.reject_reason == RejectReason.UNSUBSCRIBED:
            told = Feedback.COMPLAINED
        elif meaning is Meaning.ADDRESS:
            told = Feedback.BOUNCED
        elif meaning is not Meaning.LATER:
            record_event(events.TRANSPORT_REFUSES_US, client, code=str(event.reject_reason or event.event_type))
    if told:
        feedback.mark_message(client, message_id, told)


tracking.connect(handle_tracking_event)  # a signal, because anymail has no other interface
_provider = settings.EMAIL_BACKEND.split(".")[2]
_names = (f"{_provider}_tracking_webhook", f"{_provider}_webhook")
_views = {pattern.name: pattern.callback for pattern in anymail.urls.urlpatterns}
_view = unreadable.refuse_unreadable(next(_views[name] for name in _names if name in _views))
urlpatterns = [path("mail", _view, name="mail_feedback")]
