"""The Django app of this package."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Its label keeps clear of `django.contrib.sessions`."""

    name = "vestibule.sessions"
    label = "signed_in"
    default_auto_field = "django.db.models.BigAutoField"
