"""Whether the whole system is being tried: wrong codes and wrong passwords over all accounts, from the audit log. Who
sprays over many accounts, from many networks, stays under the counts of each (OWASP Credential Stuffing)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record
from vestibule.guards import alarms
from vestibule.kernel.client import Client
from vestibule.kernel.errors import InvalidCredentials, WrongSecret

# SECURITY's numbers: so many failures, within so long.
Failures = tuple[str, int, timedelta]
SPRAYED: Failures = (InvalidCredentials.code, 1_000, timedelta(minutes=5))
ALARMS: tuple[Failures, ...] = ((WrongSecret.code, 200, timedelta(hours=1)), SPRAYED)  # somebody has to look
MANY: tuple[Failures, ...] = ((WrongSecret.code, 1_000, timedelta(hours=1)), SPRAYED)  # everybody is asked
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
        _last.at, _last.strained = now, any(_reached(each, now) for each in MANY)
    return _last.strained


def tell(client: Client) -> None:
    """Tell of each alarm that is reached, once an hour: looked at with each run of the sweeps."""
    for failures in ALARMS:
        if _reached(failures, client.at):
            with atomic():
                if alarms.due(events.GUESSES_EXCESSIVE, client.at, failures[0]):
                    record(events.GUESSES_EXCESSIVE, client, code=failures[0])


def forget() -> None:
    """Look again at the next request (for tests)."""
    _last.at = _NEVER


def _reached(failures: Failures, now: datetime) -> bool:
    code, many, within = failures
    return AuditEvent.objects.filter(code=code, at__gt=now - within)[:many].count() >= many
