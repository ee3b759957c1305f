"""The Django app of the limits."""

from django.apps import AppConfig
from django.core.checks import register

from vestibule.limits import checks


class LimitsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.limits"
    label = "vestibule_limits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check VESTIBULE with each `manage.py check`."""
        register(checks.check_settings)
        register(checks.check_rates)
