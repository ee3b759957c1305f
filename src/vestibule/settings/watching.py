"""How it is watched: logs and metrics."""

import os
from pathlib import Path

from vestibule import logs
from vestibule.settings.place import VAR, env
from vestibule.settings.serving import WEB_PROCESSES

LOGGING = logs.config(logs.level(env.str("LOG_LEVEL", default="INFO")))
METRICS_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default=str(VAR / "metrics") if WEB_PROCESSES > 1 else "")
if METRICS_DIR:  # prometheus_client looks for it when it is first imported, which is after us
    Path(METRICS_DIR).mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR
