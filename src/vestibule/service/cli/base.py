"""The base class of the commands for operators."""

from django.core.checks import Tags
from django.core.management.base import BaseCommand


class OperatorCommand(BaseCommand):
    """A command that checks only the settings and the database's encoding before it runs. The checks of paths, admin
    and templates import the whole service; `check`, `doctor` and `serve` run them."""

    requires_system_checks = (Tags.security,)
