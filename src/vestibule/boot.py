"""The first and the last of a start: name the settings module to Django, and settle once everything is loaded."""

import ctypes
import gc
import os
from contextlib import suppress

_M_MMAP_THRESHOLD = -3  # <malloc.h>


def use_settings() -> None:
    """Let Django find our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.settings")


def settle() -> None:
    """Everything is loaded: the collector need not look at it again. A full collection over it holds every thread of
    the process for some 80 ms (`make bench-purge` shows the longest batch with and without)."""
    gc.collect()
    gc.freeze()
    # glibc would keep the 19 MiB of a password hash with each thread that ever asked for as much (mallopt(3)); so they
    # are given back at once (`make bench-storm` shows the memory with and without). Elsewhere there is no such call.
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1024 * 1024)
