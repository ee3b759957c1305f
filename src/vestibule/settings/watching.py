"""How it is watched: logs and metrics."""

import os
from pathlib import Path

from vestibule import logs
from vestibule.settings.place import VAR, env
from vestibule.settings.stores import CELERY_BROKER_URL, WEB_PROCESSES

LOGGING = logs.config(
    logs.level(env.str("LOG_LEVEL", default="INFO")), logs.form(env.str("LOG_FORMAT", default="json"))
)
_SEVERAL = WEB_PROCESSES > 1 or bool(CELERY_BROKER_URL)  # web processes, or a web process and a worker
METRICS_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default=str(VAR / "metrics") if _SEVERAL else "")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
WORKER_METRICS_PORT = env.int("WORKER_METRICS_PORT", default=0)
if METRICS_DIR:  # prometheus_client looks for it when it is first imported, which is after us
    Path(METRICS_DIR).mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR
