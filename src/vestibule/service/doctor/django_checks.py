"""Django's system checks with those for deployments, including our contradictions, which stop every other command."""

from collections.abc import Iterator

from django.core import checks
from django.core.checks import CheckMessage

from vestibule.service.doctor.check import Check, DoctorRun, Level, Observation, report_fine


def check_django(_: DoctorRun) -> Iterator[Observation]:
    """Run `check --deploy`, without what SILENCED_SYSTEM_CHECKS silences for a stated reason."""
    found = [message for message in checks.run_checks(include_deployment_checks=True) if not message.is_silenced()]
    yield from map(_from_check_message, found)
    if not found:
        yield report_fine("check --deploy is clean")


def _from_check_message(message: CheckMessage) -> Observation:
    level = Level.ERROR if message.is_serious() else Level.WARNING
    return Observation(level, f"{message.id}: {message.msg.partition('. ')[0].rstrip('.')}", message.hint or "")


CHECKS = (
    Check(
        id="django",
        looks_at="Django's `check --deploy`, and settings that contradict each other",
        remedy="`vestibule django check --deploy` tells more.",
        run=check_django,
    ),
)
