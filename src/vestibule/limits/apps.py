"""The Django app of the limits."""

from django.apps import AppConfig


class LimitsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.limits"
    label = "vestibule_limits"
    default_auto_field = "django.db.models.BigAutoField"
