"""Detection of an attack on the whole system: wrong codes and passwords over all accounts, from the audit log.

An attacker who sprays over many accounts from many networks stays under each of their counts (OWASP Credential
Stuffing).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record_event
from vestibule.kernel.client import Client
from vestibule.kernel.errors import InvalidCredentials, WrongSecret
from vestibule.limits import alarms

# A refusal's code, how many of them, within how long.
Failures = tuple[str, int, timedelta]
SPRAYED: Failures = (InvalidCredentials.code, 1_000, timedelta(minutes=5))
ALARMS: tuple[Failures, ...] = ((WrongSecret.code, 200, timedelta(hours=1)), SPRAYED)  # somebody has to look
ATTACK_THRESHOLDS: tuple[Failures, ...] = ((WrongSecret.code, 1_000, timedelta(hours=1)), SPRAYED)  # everybody is asked
MEASURE_EVERY = timedelta(seconds=10)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Measurement:
    at: datetime = _NEVER
    under_attack: bool = False


_last_measurement = _Measurement()


def is_under_attack(now: datetime) -> bool:
    """Return whether so many attempts failed lately that every client must solve a captcha. Each process measures this
    every ten seconds."""
    if not _last_measurement.at <= now < _last_measurement.at + MEASURE_EVERY:
        _last_measurement.at, _last_measurement.under_attack = (
            now,
            any(_has_reached(each, now) for each in ATTACK_THRESHOLDS),
        )
    return _last_measurement.under_attack


def record_attack_alarms(client: Client) -> None:
    """Report each alarm that is reached, once an hour. The sweeps call this."""
    for failures in ALARMS:
        if _has_reached(failures, client.at):
            with atomic():
                if alarms.claim_alarm(events.GUESSES_EXCESSIVE, client.at, failures[0]):
                    record_event(events.GUESSES_EXCESSIVE, client, code=failures[0])


def forget_measurement() -> None:
    """Measure again at the next request (for tests)."""
    _last_measurement.at = _NEVER


def _has_reached(failures: Failures, now: datetime) -> bool:
    code, many, within = failures
    return AuditEvent.objects.filter(code=code, at__gt=now - within)[:many].count() >= many
