"""The first and the last of a start: name the settings module to Django, and settle once everything is loaded."""

import gc
import os


def use_settings() -> None:
    """Let Django find our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")


def settle() -> None:
    """Everything is loaded: the collector need not look at it again. A full collection over it holds every thread of
    the process for some 80 ms (`make bench-purge` shows the longest batch with and without), and, before a fork, would
    write to every page that the processes share."""
    gc.collect()
    gc.freeze()
