"""The Django app of the accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.accounts"
    label = "vestibule_accounts"
    default_auto_field = "django.db.models.BigAutoField"
