"""The Django app of the courier."""

from django.apps import AppConfig


class CourierConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.courier"
    label = "vestibule_courier"
    default_auto_field = "django.db.models.BigAutoField"
