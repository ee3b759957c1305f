"""The Django app of the accounts."""

from django.apps import AppConfig
from django.core.checks import register

from vestibule.accounts import checks


class AccountsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.accounts"
    label = "vestibule_accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Check the fields of a sign-up, and where the tables are, with each `manage.py check`."""
        register(checks.check_signup_fields)
        register(checks.check_routers)
