"""Logging: one JSON object a line on standard output, for our loggers and those of every library; or readable lines."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from vestibule.kernel import spans
from vestibule.kernel.request_id import current_request_id


def _add_request_id(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    request_id = current_request_id()
    return {"request_id": request_id, **line} if request_id else line


def _add_trace_id(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    if trace_id := spans.current_trace_id():
        line["trace_id"] = trace_id
    return line


_SHARED_PROCESSORS: list[Processor] = [
    _add_request_id,
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


class LineLogger:
    """Writes the finished lines of one of our own loggers by the handler of all.

    The standard library would make a record of each line, look for its caller in the stack, and format it after it was
    formatted: three quarters of what a line costs (docs/decisions/0140).
    """

    def __init__(self, name: str, handler: "logging.StreamHandler[TextIO]") -> None:
        self.name = name
        self._handler = handler

    def write_line(self, line: str) -> None:
        """Write one line. A line that cannot be written is lost, as with `logging`."""
        self._handler.acquire()
        try:
            with suppress(OSError, ValueError):  # the pipe broke; the stream was closed
                self._handler.stream.write(f"{line}\n")
                self._handler.flush()
        finally:
            self._handler.release()

    debug = info = warning = error = critical = write_line


def configure_logging(level: str, log_format: str) -> dict[str, Any]:
    """Configure structlog, and return Django's LOGGING for this level and format."""
    handler, renderers = logging.StreamHandler(sys.stdout), RENDERERS[log_format]()
    structlog.configure(
        processors=[*_SHARED_PROCESSORS, *renderers],
        logger_factory=_line_loggers(handler),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED_PROCESSORS,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            }
        },
        "handlers": {"out": {"()": lambda: handler, "formatter": "lines"}},
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


def _line_loggers(handler: "logging.StreamHandler[TextIO]") -> Callable[[str], LineLogger]:
    """Return what makes our loggers by their names."""
    return lambda name: LineLogger(name, handler)


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
