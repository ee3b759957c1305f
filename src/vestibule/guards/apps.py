"""The Django app of the guards."""

from django.apps import AppConfig


class GuardsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.guards"
    default_auto_field = "django.db.models.BigAutoField"
