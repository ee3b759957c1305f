"""The Django app of the challenges."""

from django.apps import AppConfig


class ChallengesConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.challenges"
    label = "vestibule_challenges"
    default_auto_field = "django.db.models.BigAutoField"
