"""The Django app of the audit."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.audit"
    default_auto_field = "django.db.models.BigAutoField"
