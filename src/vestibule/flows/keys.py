"""The keys that sign access tokens: rotated by the house."""

from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.sessions import signing


@flow
def rotate(*, client: Client) -> tuple[str, int]:
    """Publish a new key, which signs ten minutes later, and forget those whose last token is dead: the new `kid`, and
    how many were forgotten. Raises Unavailable."""
    with atomic():
        kid, gone = signing.rotate(client.at)
        record(events.KEYS_ROTATED, client, kid=kid, forgotten=gone)
    return kid, gone
