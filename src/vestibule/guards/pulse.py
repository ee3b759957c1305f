"""The pulse of the house: when its sweeps last came to their end, kept where every machine can read it."""

from datetime import datetime

from vestibule.guards.models import Tally

_SCOPE, _KEY = "pulse", b"sweeps"


def beat(now: datetime) -> None:
    """The sweeps ran."""
    Tally.objects.update_or_create(scope=_SCOPE, key=_KEY, defaults={"touched_at": now})


def last() -> datetime | None:
    """When they last did; None where they never have."""
    return Tally.objects.filter(scope=_SCOPE, key=_KEY).values_list("touched_at", flat=True).first()
