"""The heartbeat of the sweeps: when they last finished, stored where every machine can read it."""

from datetime import datetime

from vestibule.limits.models import Tally

_HEARTBEAT_SCOPE, _HEARTBEAT_KEY = "pulse", b"sweeps"


def record_sweeps(now: datetime) -> None:
    """Record that the sweeps finished."""
    Tally.objects.update_or_create(scope=_HEARTBEAT_SCOPE, key=_HEARTBEAT_KEY, defaults={"touched_at": now})


def last_sweeps_at() -> datetime | None:
    """Return when the sweeps last finished, or None if they never have."""
    return Tally.objects.filter(scope=_HEARTBEAT_SCOPE, key=_HEARTBEAT_KEY).values_list("touched_at", flat=True).first()
