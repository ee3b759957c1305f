"""Logs: one JSON object a line on standard output, ours and every library's alike."""

import logging
from typing import Any

import structlog
from structlog.typing import Processor

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # locals hold passwords
    ),
]


def config(level: str) -> dict[str, Any]:
    """Django's LOGGING, with structlog configured along."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            # Of Django's own request log only the unexpected: an exception that no view answered.
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "WARNING"},
            "django.server": {"level": "CRITICAL"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},
            "twilio": {"level": "WARNING"},
        },
    }


def level(name: str) -> str:
    """A log level that `logging` knows. Raises ValueError for any other."""
    if name.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"LOG_LEVEL={name} is no log level")
    return name.upper()
