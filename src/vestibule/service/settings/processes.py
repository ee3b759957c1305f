"""Settings of processes and threads: how many, and how they start and end."""

import os
from math import ceil
from pathlib import Path

from vestibule.service.settings.deployment import env
from vestibule.service.settings.stores import CELERY_BROKER_URL, REDIS_URL

_CPU_QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")  # "<microseconds of CPU> <in so many>", or "max <…>" (cgroup v2)


def _count_usable_cores() -> int:
    """Return the cores that this process may use: the machine's, limited by CPU affinity and the container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = _CPU_QUOTA_FILE.read_text().split() if _CPU_QUOTA_FILE.exists() else ["max"]
    return cores if words[0] == "max" else max(1, min(cores, ceil(int(words[0]) / int(words[1]))))


CORES = _count_usable_cores()
OUTBOX_WAKER = "vestibule.service.worker.tasks.send_deliver_task" if CELERY_BROKER_URL else ""  # "": the thread
STATE_IS_SHARED = bool(REDIS_URL and CELERY_BROKER_URL)  # no process keeps state, so there may be several
WEB_PROCESSES = env.read_number("WEB_PROCESSES", default=CORES if STATE_IS_SHARED else 1, least=1, most=1024)
WEB_THREADS = env.read_number("WEB_THREADS", default=max(8, 24 // WEB_PROCESSES), least=1, most=1024)
WEB_MAX_REQUESTS = env.read_number("WEB_MAX_REQUESTS", default=20_000 if STATE_IS_SHARED else 0)
WEB_DRAIN = env.read_number("WEB_DRAIN", default=5 if STATE_IS_SHARED else 0, most=3600)
WORKER_CONCURRENCY = env.read_number("WORKER_CONCURRENCY", default=2, least=1, most=1024)
# Celery would run all system checks in each worker, which imports the whole service. The command that starts the worker
# has run those that matter (service.cli.base).
os.environ["CELERY_SKIP_CHECKS"] = "yes"
