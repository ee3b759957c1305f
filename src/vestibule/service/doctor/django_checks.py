"""Django's system checks with those for deployments, including our contradictions, which stop every other command."""

from collections.abc import Iterator

from django.core import checks
from django.core.checks import CheckMessage

from vestibule.conf import conf
from vestibule.service.doctor.check import Check, DoctorRun, Level, Observation, report_fine

_NO_REDIRECT = "security.W008"
_PROXY_REMEDY = "Set TRUSTED_PROXIES to the network of the proxy that speaks HTTPS."
# What Django says of a site without HTTPS, in settings that are its own: the check `https` says it once, in ours.
_WITHOUT_HTTPS = {"security.W004", _NO_REDIRECT, "security.W012", "security.W016"}


def check_django(_: DoctorRun) -> Iterator[Observation]:
    """Run `check --deploy`, without what SILENCED_SYSTEM_CHECKS silences for a stated reason."""
    found = [
        message
        for message in checks.run_checks(include_deployment_checks=True)
        if not message.is_silenced() and (conf.https or message.id not in _WITHOUT_HTTPS)
    ]
    yield from map(_from_check_message, found)
    if not found:
        yield report_fine("check --deploy is clean")


def _from_check_message(message: CheckMessage) -> Observation:
    level = Level.ERROR if message.is_serious() else Level.WARNING
    if message.id == _NO_REDIRECT:
        return Observation(
            level, "HTTP is not redirected to HTTPS: no proxy is trusted to tell which it was", _PROXY_REMEDY
        )
    return Observation(level, f"{message.id}: {message.msg.partition('. ')[0].rstrip('.')}", message.hint or "")


CHECKS = (
    Check(
        id="django",
        looks_at="Django's `check --deploy`, and settings that contradict each other",
        remedy="`vestibule django check --deploy` tells more.",
        run=check_django,
    ),
)
