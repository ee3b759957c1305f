"""How a start goes: name the settings module to Django, leave out what is not used, settle once all is loaded."""

import gc
import os
from functools import partial
from importlib import import_module
from typing import Any

from django.utils.functional import SimpleLazyObject


def use_settings() -> None:
    """Let Django find our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")


def when_used(library: str) -> Any:
    """The library, imported when it is first asked for something: for those that the embedded mode does without, and
    that cost a start a tenth of a second each. Type checkers are told of it apart (TYPE_CHECKING)."""
    return SimpleLazyObject(partial(import_module, library))


def collect_rarely() -> None:
    """Let the collector look through new objects after 20,000 of them, and not after each 700: what a start loads
    stays, and what a request makes is mostly gone by itself. That is a tenth of a start, and a few percent of all
    time."""
    gc.set_threshold(20_000, 20, 20)


def settle() -> None:
    """Everything is loaded: the collector need not look at it again. A full collection over it holds every thread of
    the process for some 80 ms (`make bench-purge` shows the longest batch with and without), and, before a fork, would
    write to every page that the processes share."""
    gc.collect()
    gc.freeze()
    collect_rarely()
