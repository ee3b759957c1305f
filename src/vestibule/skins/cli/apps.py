"""The Django app of the command line."""

from django.apps import AppConfig

from vestibule import checks


class CliConfig(AppConfig):
    """Brings the commands, and the checks that run before each."""

    name = "vestibule.skins.cli"
    before_each = checks
