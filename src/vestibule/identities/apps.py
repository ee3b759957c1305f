"""The Django app of the identities at other providers."""

from django.apps import AppConfig
from django.core.checks import register

from vestibule.identities import checks


class IdentitiesConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.identities"
    label = "vestibule_identities"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check the providers with each `manage.py check`."""
        register(checks.check_providers)
