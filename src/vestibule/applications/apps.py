"""The Django app of the applications."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.applications"
    label = "vestibule_applications"
    default_auto_field = "django.db.models.BigAutoField"
