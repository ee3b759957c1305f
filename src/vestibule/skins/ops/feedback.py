"""`/webhooks/mail`: what the mail provider tells of a message, through anymail, behind HTTP basic authentication
(ANYMAIL_WEBHOOK_SECRET) and the provider's own signature, where it signs."""

from typing import Any
from uuid import UUID

import anymail.urls
from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.conf import settings
from django.urls import path
from django.utils import timezone

from vestibule.courier import feedback
from vestibule.courier.models import Feedback
from vestibule.kernel.client import Client

MEANING = {
    EventType.DELIVERED: Feedback.DELIVERED,
    EventType.BOUNCED: Feedback.BOUNCED,
    EventType.REJECTED: Feedback.BOUNCED,
    EventType.COMPLAINED: Feedback.COMPLAINED,
}


def hear(event: AnymailTrackingEvent, **_: Any) -> None:
    """Mark the message whose id came back as metadata; what is not ours, or tells nothing, is passed over."""
    meaning = MEANING.get(event.event_type)
    try:
        message_id = UUID(str((event.metadata or {}).get("message")))
    except ValueError:
        return
    if meaning:
        feedback.tell(Client.system("mail provider", timezone.now()), message_id, meaning)


tracking.connect(hear)  # anymail's one documented way of telling
_provider = settings.EMAIL_BACKEND.split(".")[2]
_names = (f"{_provider}_tracking_webhook", f"{_provider}_webhook")
_views = {pattern.name: pattern.callback for pattern in anymail.urls.urlpatterns}
urlpatterns = [path("mail", next(_views[name] for name in _names if name in _views))]
