"""Detection of an attack on the whole system: wrong codes and passwords over all accounts, from the audit log.

An attacker who sprays over many accounts from many networks stays under each of their counts (OWASP Credential
Stuffing).
"""

from datetime import datetime, timedelta

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record_event
from vestibule.kernel.cached import Cached
from vestibule.kernel.client import Client
from vestibule.kernel.errors import InvalidCredentials, WrongSecret
from vestibule.limits import alarms
from vestibule.storage.database import atomic

# A refusal's code, how many of them, within how long.
Failures = tuple[str, int, timedelta]
SPRAYED: Failures = (InvalidCredentials.code, 1_000, timedelta(minutes=5))
ALARMS: tuple[Failures, ...] = ((WrongSecret.code, 200, timedelta(hours=1)), SPRAYED)  # somebody has to look
ATTACK_THRESHOLDS: tuple[Failures, ...] = ((WrongSecret.code, 1_000, timedelta(hours=1)), SPRAYED)  # everybody is asked
MEASURE_EVERY = timedelta(seconds=10)


def is_under_attack(now: datetime) -> bool:
    """Return whether so many attempts failed lately that every client must solve a captcha. Each process measures this
    every ten seconds."""
    return _under_attack.get(now)


def record_attack_alarms(client: Client) -> None:
    """Report each alarm that is reached, once an hour. The sweeps call this."""
    for failures in ALARMS:
        if _has_reached(failures, client.at):
            with atomic():
                if alarms.claim_alarm(events.GUESSES_EXCESSIVE, client.at, failures[0]):
                    record_event(events.GUESSES_EXCESSIVE, client, code=failures[0])


def _has_reached(failures: Failures, now: datetime) -> bool:
    code, many, within = failures
    return AuditEvent.objects.filter(code=code, at__gt=now - within)[:many].count() >= many


def _measure(now: datetime) -> bool:
    return any(_has_reached(each, now) for each in ATTACK_THRESHOLDS)


_under_attack = Cached(_measure, keep_for=MEASURE_EVERY.total_seconds(), stale_for=MEASURE_EVERY.total_seconds())
