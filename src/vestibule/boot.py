"""Name the settings module to Django: the one line of the environment that we write."""

import os


def use_settings() -> None:
    """Let Django find our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")
