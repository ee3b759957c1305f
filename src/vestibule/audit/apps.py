"""The Django app of the audit log."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.audit"
    label = "vestibule_audit"
    default_auto_field = "django.db.models.BigAutoField"
