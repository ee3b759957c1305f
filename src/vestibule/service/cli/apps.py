"""The Django app of the command line."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from vestibule.service import checks
from vestibule.storage import encoding


class CliConfig(AppConfig):
    """Provides the commands, and the system checks that run before each."""

    name = "vestibule.service.cli"
    label = "vestibule_cli"
    imported_for_effect = (checks, encoding)

    def ready(self) -> None:
        """Start tracing in every process, if OTEL_* asks for it, and check APPLICATIONS_FILE, if there is one;
        otherwise nothing of them is imported."""
        if settings.TRACING:
            import_module("vestibule.service.tracing").start_tracing()
        if settings.APPLICATIONS_FILE:
            import_module("vestibule.service.applications_file")
