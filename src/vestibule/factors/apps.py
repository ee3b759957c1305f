"""The Django app of the second factors."""

from django.apps import AppConfig


class FactorsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.factors"
    label = "vestibule_factors"
    default_auto_field = "django.db.models.BigAutoField"
