"""What the commands for operators share."""

from django.core.checks import Tags
from django.core.management.base import BaseCommand


class OperatorCommand(BaseCommand):
    """A command that settings which contradict each other stop. Paths, admin and templates, for whose checks the whole
    of the service is imported, are looked at by `check`, `doctor` and `serve`, which does import it."""

    requires_system_checks = (Tags.security,)
