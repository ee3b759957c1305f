"""Settings of logs, the audit log, metrics and traces."""

import logging
import os
import sys
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from vestibule.service import logs
from vestibule.service.settings.deployment import VAR_DIR, env
from vestibule.service.settings.django_wiring import MIDDLEWARE
from vestibule.service.settings.processes import WEB_PROCESSES
from vestibule.service.settings.stores import CELERY_BROKER_URL

LOGGING = logs.configure_logging(
    env.read_choice("LOG_LEVEL", logging.getLevelNamesMapping(), default="INFO"),
    # Lines for people where one reads them, objects where a program does.
    env.read_choice("LOG_FORMAT", logs.RENDERERS, default="console" if sys.stdout.isatty() else "json"),
)
# Several web processes, or a web process and a worker: each then counts in files, which `/metrics` adds up.
_SEVERAL_PROCESSES = WEB_PROCESSES > 1 or bool(CELERY_BROKER_URL)
AUDIT_KEPT = timedelta(days=env.read_number("AUDIT_DAYS", default=365, least=1, most=3650))
AUDIT_ADDRESSES_KEPT = timedelta(days=env.read_number("AUDIT_ADDRESS_DAYS", default=90, least=1, most=3650))
METRICS_DIR = env.read_text("PROMETHEUS_MULTIPROC_DIR", default=str(VAR_DIR / "metrics") if _SEVERAL_PROCESSES else "")
METRICS_TOKEN = env.read_secret("METRICS_TOKEN")
# OpenTelemetry's own settings. Traces are wanted if an exporter or endpoint is set; the SDK reads the other settings.
_EXPORTER = env.read_choice("OTEL_TRACES_EXPORTER", ("otlp", "console", "none"), default="")
_ENDPOINT = env.read_url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.read_url("OTEL_EXPORTER_OTLP_ENDPOINT")
TRACES_WANTED = (
    not env.read_switch("OTEL_SDK_DISABLED", default=False) and _EXPORTER != "none" and bool(_EXPORTER or _ENDPOINT)
)
TRACES_TO = _EXPORTER or "otlp"


def _can_trace() -> bool:
    with suppress(ModuleNotFoundError):  # find_spec raises if the parent package is missing
        return find_spec("opentelemetry.instrumentation.psycopg") is not None
    return False


TRACING = TRACES_WANTED and _can_trace()
if TRACING:
    MIDDLEWARE.insert(0, "vestibule.web.tracing.trace_requests")
WORKER_METRICS_PORT = env.read_number("WORKER_METRICS_PORT", default=0, most=65535)
if METRICS_DIR:  # prometheus_client reads the variable when it is first imported, which is later
    Path(METRICS_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR
else:  # an empty value would mean the working directory
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
