"""The first and the last of a start: name the settings module to Django, and settle once everything is loaded."""

import gc
import os


def use_settings() -> None:
    """Let Django find our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")


def settle() -> None:
    """Everything is loaded: the collector need not look at it again. A full collection over it holds every thread of
    the process for some 80 ms (`make bench-purge` shows the longest batch with and without), and, before a fork, would
    write to every page that the processes share. What a request makes is mostly gone by itself: it is looked through
    after 20,000 new objects, and not after each 700, which costs a few percent of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
