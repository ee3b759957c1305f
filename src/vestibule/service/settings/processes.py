"""How many of it run: processes, threads, and how they come and go."""

import os
from math import ceil
from pathlib import Path

from vestibule.service.settings.deployment import env
from vestibule.service.settings.stores import CELERY_BROKER_URL, REDIS_URL

_CPU_QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")  # "<microseconds of CPU> <in so many>", or "max <…>" (cgroup v2)


def _count_usable_cores() -> int:
    """The cores that this process may use: the machine's, less what affinity and the container's quota take."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    words = _CPU_QUOTA_FILE.read_text().split() if _CPU_QUOTA_FILE.exists() else ["max"]
    return cores if words[0] == "max" else max(1, min(cores, ceil(int(words[0]) / int(words[1]))))


CORES = _count_usable_cores()
OUTBOX_WAKER = "vestibule.service.worker.tasks.send_deliver_task" if CELERY_BROKER_URL else ""  # else a thread works
STATE_IS_SHARED = bool(REDIS_URL and CELERY_BROKER_URL)  # nothing is kept in the process, so there may be several
WEB_PROCESSES = env.read_number("WEB_PROCESSES", default=CORES if STATE_IS_SHARED else 1, least=1, most=1024)
WEB_THREADS = env.read_number("WEB_THREADS", default=max(8, 24 // WEB_PROCESSES), least=1, most=1024)
WEB_MAX_REQUESTS = env.read_number("WEB_MAX_REQUESTS", default=20_000 if STATE_IS_SHARED else 0)
WEB_DRAIN = env.read_number("WEB_DRAIN", default=5 if STATE_IS_SHARED else 0, most=3600)
WORKER_CONCURRENCY = env.read_number("WORKER_CONCURRENCY", default=2, least=1, most=1024)
# Celery would have Django check paths and admin in each worker, for which the whole service is imported; what a worker
# stands on is checked before it (service.cli.base).
os.environ["CELERY_SKIP_CHECKS"] = "yes"
