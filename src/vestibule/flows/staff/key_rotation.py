"""The keys that sign access tokens: rotated by the house."""

from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.sessions import signing_keys


@flow("keys.rotate")
def rotate_keys(*, client: Client, emergency: bool = False) -> tuple[str, int]:
    """Publish a new key, which signs ten minutes later, and forget those whose last token is dead: the new `kid`, and
    how many were forgotten. `emergency`: a key may be known to others; the new one signs at once, and every older one
    is forgotten, with the tokens that it signed. Raises Unavailable."""
    with atomic():
        kid, gone = signing_keys.replace_all_keys(client.at) if emergency else signing_keys.publish_next_key(client.at)
        record_event(events.KEYS_ROTATED, client, code="emergency" if emergency else "", kid=kid, forgotten=gone)
    return kid, gone
