"""The metric files of several processes in METRICS_DIR: which are deleted, and when."""

import os
from pathlib import Path

from django.conf import settings


def delete_dead_process_files() -> None:
    """At a start, delete the files of processes that have ended. Those of a worker on the same machine stay."""
    for left_over in Path(settings.METRICS_DIR).glob("*.db") if settings.METRICS_DIR else ():
        pid = left_over.stem.rpartition("_")[2]
        if not (pid.isdecimal() and _is_process_alive(int(pid))):
            left_over.unlink(missing_ok=True)


def delete_process_files(pid: int) -> None:
    """At the end of a command, delete its files: those of hundreds of commands would slow every scrape."""
    for own in Path(settings.METRICS_DIR).glob(f"*_{pid}.db") if settings.METRICS_DIR else ():
        own.unlink(missing_ok=True)


def _is_process_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True
