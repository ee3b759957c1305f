"""The base class of the commands for operators."""

from django.core.checks import Tags
from django.core.management.base import BaseCommand


class OperatorCommand(BaseCommand):
    """A command that runs only the checks of settings. The checks of paths, admin and templates import the whole
    service; they are run by `check`, `doctor` and `serve`."""

    requires_system_checks = (Tags.security,)
