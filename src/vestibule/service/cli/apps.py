"""The Django app of the command line."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from vestibule.service import checks
from vestibule.storage import encoding


class CliConfig(AppConfig):
    """Brings the commands, and the checks that run before each."""

    name = "vestibule.service.cli"
    label = "vestibule_cli"
    imported_for_effect = (checks, encoding)

    def ready(self) -> None:
        """Every process traces from here on, where OTEL_* asks for it; elsewhere nothing of it is imported."""
        if settings.TRACING:
            import_module("vestibule.service.tracing").begin()
