"""The Django app of the admin's templates and static files."""

from django.apps import AppConfig


class AdminTemplatesConfig(AppConfig):
    """Comes before unfold and the stock admin in INSTALLED_APPS, because it overrides some of their templates."""

    name = "vestibule.web.admin"
    label = "vestibule_admin"
