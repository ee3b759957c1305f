"""The Django app of the admin's templates and static files."""

from django.apps import AppConfig


class AdminTemplatesConfig(AppConfig):
    """Stands before unfold and the stock admin, whose templates it replaces in part."""

    name = "vestibule.web.admin"
    label = "vestibule_admin"
