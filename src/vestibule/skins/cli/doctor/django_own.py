"""Django's own word: its system checks, those of a deployment, and our contradictions, which stop every other start."""

from collections.abc import Iterator

from django.core import checks
from django.core.checks import CheckMessage

from vestibule.skins.cli.doctor.check import Check, Level, Round, Seen, fine


def system_checks(_: Round) -> Iterator[Seen]:
    """`check --deploy`, without what settings silence for a stated reason (SILENCED_SYSTEM_CHECKS)."""
    found = [message for message in checks.run_checks(include_deployment_checks=True) if not message.is_silenced()]
    yield from map(_seen, found)
    if not found:
        yield fine("check --deploy is clean")


def _seen(message: CheckMessage) -> Seen:
    level = Level.ERROR if message.is_serious() else Level.WARNING
    return Seen(level, f"{message.id}: {message.msg.partition('. ')[0].rstrip('.')}", message.hint or "")


CHECKS = (
    Check(
        id="django",
        looks_at="Django's `check --deploy`, and settings that contradict each other",
        remedy="`vestibule check --deploy` tells more.",
        look=system_checks,
    ),
)
