"""The Django app of the sessions."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.sessions"
    label = "vestibule_sessions"
    default_auto_field = "django.db.models.BigAutoField"
