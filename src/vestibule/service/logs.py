"""Logging: one JSON object a line on standard output, for our loggers and those of every library; or readable lines."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from vestibule.kernel import spans


def _add_trace_id(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    if trace_id := spans.current_trace_id():
        line["trace_id"] = trace_id
    return line


_SHARED_PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    _add_trace_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def _render_json() -> list[Processor]:
    return [
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(),
    ]


def _render_for_people() -> list[Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=28, repr_native_str=True, exception_formatter=structlog.dev.plain_traceback
        )
    ]


# Neither shows locals, which may hold passwords. Line breaks in a value are escaped, so that one event is one line.
# Functions, so that a process makes only the one that it uses.
RENDERERS: dict[str, Callable[[], list[Processor]]] = {"json": _render_json, "console": _render_for_people}


def configure_logging(level: str, log_format: str) -> dict[str, Any]:
    """Configure structlog, and return Django's LOGGING for this level and format."""
    structlog.configure(
        processors=[*_SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED_PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *RENDERERS[log_format](),
                ],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            # Only exceptions that no view answered: our own access log has the rest.
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "WARNING"},
            "django.server": {"level": "CRITICAL"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},
            "twilio": {"level": "WARNING"},
        },
    }


@contextmanager
def log_to_standard_error() -> Iterator[None]:
    """Let what is logged on standard output go to standard error meanwhile."""
    found = [each for each in logging.root.handlers if isinstance(each, logging.StreamHandler)]
    moved = [each for each in found if each.stream is sys.__stdout__]
    for handler in moved:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler in moved:
            handler.setStream(sys.__stdout__)
