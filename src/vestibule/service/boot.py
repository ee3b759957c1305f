"""How a start goes: name the settings module to Django, and settle once all is loaded."""

import gc
import os


def set_default_settings_module() -> None:
    """Let Django find our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.service.settings")


def collect_rarely() -> None:
    """Let the collector look through new objects after 20,000 of them, and not after each 700: what a start loads
    stays, and what a request makes is mostly gone by itself. That is a tenth of a start, and a few percent of all
    time."""
    gc.set_threshold(20_000, 20, 20)


def freeze_garbage_collector() -> None:
    """Everything is loaded: the collector need not look at it again. A full collection over it holds every thread of
    the process for some 80 ms (`make bench-purge` shows the longest batch with and without), and, before a fork, would
    write to every page that the processes share."""
    gc.collect()
    gc.freeze()
    collect_rarely()
