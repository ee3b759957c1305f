"""Rotation of the keys that sign access tokens, by the command line or the worker."""

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows.flow import flow
from vestibule.kernel.client import Client
from vestibule.sessions import signing_keys
from vestibule.storage.database import atomic


@flow("keys.rotate")
def rotate_keys(*, client: Client, emergency: bool = False) -> tuple[str, int]:
    """Publish a new signing key and delete keys that no live token needs. Return the new `kid` and how many were
    deleted.

    Normally the new key signs ten minutes later. In an `emergency`, when a key may be known to others, it signs at once
    and every older key is deleted; the tokens that those signed become invalid.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with atomic():
        kid, gone = signing_keys.replace_all_keys(client.at) if emergency else signing_keys.publish_next_key(client.at)
        record_event(events.KEYS_ROTATED, client, code="emergency" if emergency else "", kid=kid, forgotten=gone)
    return kid, gone
