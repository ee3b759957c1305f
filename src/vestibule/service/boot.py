"""The start of a process: settings module, environment, and memory: the garbage collector after everything is loaded,
and the C library."""

import ctypes
import gc
import os
from contextlib import suppress

_M_MMAP_THRESHOLD = -3  # mallopt(3)
_LARGE_BLOCK = 1024 * 1024  # bytes


def set_default_settings_module() -> None:
    """Tell Django to use our settings, unless it was told of others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.service.settings")


def environment_with(**changes: str) -> dict[str, str]:
    """Return the environment of another process of this service: that of this one, with these changes."""
    return {**os.environ, **changes}


def pause_garbage_collector() -> None:
    """Collect nothing while a command is loaded, because nearly all of that stays: a tenth of a start."""
    gc.disable()


def collect_rarely() -> None:
    """Let the garbage collector look at new objects after every 20,000 of them instead of 700. Most of what a request
    makes is freed without it. This saves a few percent of all CPU time."""
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def freeze_garbage_collector() -> None:
    """Exclude everything loaded so far from garbage collection.

    A full collection over it would stop every thread of the process for some 80 ms (`make bench-purge` shows the
    longest batch with and without), and would write to the memory pages that forked processes share. So would one now,
    which finds less than a hundredth of it to be garbage: that stays, too.
    """
    gc.freeze()
    collect_rarely()


def return_large_blocks() -> None:
    """Let the C library return each block of a mebibyte or more to the system when it is freed. By itself glibc keeps
    such blocks once it has seen a few, as it does those of large pictures, in every thread's heap. Other systems ignore
    this."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
