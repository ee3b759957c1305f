"""Whether the whole system is being tried: wrong codes and wrong passwords over all accounts, from the audit log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vestibule.audit.models import AuditEvent
from vestibule.kernel.errors import InvalidCredentials, WrongSecret

# SECURITY's numbers: who sprays over many accounts stays under the counts of each.
MANY = ((WrongSecret.code, 1_000, timedelta(hours=1)), (InvalidCredentials.code, 1_000, timedelta(minutes=5)))
LOOK_EVERY = timedelta(seconds=10)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Look:
    at: datetime = _NEVER
    strained: bool = False


_last = _Look()


def strained(now: datetime) -> bool:
    """Whether so many failed lately that everybody is asked. Looked at every ten seconds, by each process."""
    if not _last.at <= now < _last.at + LOOK_EVERY:
        _last.at, _last.strained = now, any(_reached(code, many, now - within) for code, many, within in MANY)
    return _last.strained


def forget() -> None:
    """Look again at the next request (for tests)."""
    _last.at = _NEVER


def _reached(code: str, many: int, since: datetime) -> bool:
    return AuditEvent.objects.filter(code=code, at__gt=since)[:many].count() >= many
