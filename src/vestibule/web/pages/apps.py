"""The Django app of the pages' templates and static files."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The app of this package."""

    name = "vestibule.web.pages"
    label = "vestibule_pages"
