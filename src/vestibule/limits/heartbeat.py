"""The pulse of the house: when its sweeps last came to their end, kept where every machine can read it."""

from datetime import datetime

from vestibule.limits.models import Tally

_HEARTBEAT_SCOPE, _HEARTBEAT_KEY = "pulse", b"sweeps"


def record_sweeps(now: datetime) -> None:
    """The sweeps ran."""
    Tally.objects.update_or_create(scope=_HEARTBEAT_SCOPE, key=_HEARTBEAT_KEY, defaults={"touched_at": now})


def last_sweeps_at() -> datetime | None:
    """When they last did; None where they never have."""
    return Tally.objects.filter(scope=_HEARTBEAT_SCOPE, key=_HEARTBEAT_KEY).values_list("touched_at", flat=True).first()
