"""What a challenge seals is replaced while it waits, as its story goes on: of two who replace it, one does."""

from datetime import datetime

from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import Payload
from vestibule.challenges.store import Challenge


def replace_payload(challenge: Challenge, payload: Payload, *, now: datetime) -> bool:
    """Seal this payload in the record. Return whether it was done: not if somebody replaced it since `challenge` was
    read, works on it, or it is over. In the caller's transaction, where challenges are kept in the database."""
    challenges.policies[challenge.purpose].require_payload(type(payload))
    sealed = challenges.secrets.seal_payload(challenge.purpose, challenge.id, payload, decoy=False)
    return challenges.store.replace_payload(challenge, sealed_payload=sealed, now=now)
