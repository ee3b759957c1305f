"""Threads of low priority, for work that takes a core for long: whatever else runs comes first."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import get_native_id

NICENESS = 10


def make_yielding_threads(number: int, name: str) -> ThreadPoolExecutor:
    """Return so many threads. What they run must not query the database: a thread's connection would stay open, and
    nobody would check it."""
    return ThreadPoolExecutor(number, thread_name_prefix=name, initializer=_lower_priority)


def _lower_priority() -> None:
    """Lower this thread's priority, so that many sign-ins or pictures at once do not slow other requests. Linux keeps
    the niceness of each thread (setpriority(2), C library/kernel differences); other systems ignore this."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
