"""One pass over the outbox, with what applications have to be told: what a worker runs, ours or that of somebody else's
project."""

from datetime import datetime

from vestibule.applications.logout_notices import post_due_notices
from vestibule.applications.logout_tokens import LogoutTokenSender
from vestibule.courier import delivery


def deliver_due_messages(now: datetime, *, batch: int = 100) -> int:
    """Post what applications have to be told, and deliver at most `batch` due messages to people, and as many to
    applications. Return how many this worker took."""
    post_due_notices(now)
    return delivery.deliver_due_messages(now, batch=batch, send_request=LogoutTokenSender())
