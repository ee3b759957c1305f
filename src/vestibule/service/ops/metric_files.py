"""The files in METRICS_DIR that several processes count in: whose go, and when."""

import os
from pathlib import Path

from django.conf import settings


def delete_dead_process_files() -> None:
    """At a start: the files of processes that are no more; those of a worker that runs beside us stay."""
    for left_over in Path(settings.METRICS_DIR).glob("*.db") if settings.METRICS_DIR else ():
        pid = left_over.stem.rpartition("_")[2]
        if not (pid.isdecimal() and _is_process_alive(int(pid))):
            left_over.unlink(missing_ok=True)


def delete_process_files(pid: int) -> None:
    """A command that came to its end takes what it counted along: files of hundreds of them would slow every scrape."""
    for own in Path(settings.METRICS_DIR).glob(f"*_{pid}.db") if settings.METRICS_DIR else ():
        own.unlink(missing_ok=True)


def _is_process_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
