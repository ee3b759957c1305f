"""The port for tracing spans (`vestibule.service.tracing`). Without a tracer, opening a span does nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Facts = Mapping[str, str | int]


class Span(Protocol):
    """A span while it is open."""

    def describe(self, name: str, facts: Facts) -> None:
        """Set its name and attributes. They must hold nothing secret or personal."""


class Tracer(Protocol):
    """A port: makes spans."""

    def open_span(self, name: str, *, parent: str, kind: str) -> AbstractContextManager[Span]:
        """Open a span for the duration of the context, inside the current one or inside `parent`."""

    def current_traceparent(self) -> str:
        """Return the current span as a `traceparent` (W3C Trace Context, 3.2), or ""."""

    def current_trace_id(self) -> str:
        """Return the current trace id in hexadecimal, or ""."""


class _NullSpan:
    def describe(self, name: str, facts: Facts) -> None:
        """Do nothing."""


_NULL_SPAN: AbstractContextManager[Span] = nullcontext(_NullSpan())
_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """Set the tracer of this process; None turns tracing off."""
    global _tracer
    _tracer = tracer


def open_span(name: str, *, parent: str = "", kind: str = "internal") -> AbstractContextManager[Span]:
    """Open a span for the duration of the context. `parent` is a `traceparent` received from elsewhere, `kind` is
    `internal`, `server` or `producer`."""
    return _tracer.open_span(name, parent=parent, kind=kind) if _tracer else _NULL_SPAN


def current_traceparent() -> str:
    """Return the current span as a `traceparent` to send elsewhere, or "" without tracing."""
    return _tracer.current_traceparent() if _tracer else ""


def current_trace_id() -> str:
    """Return the current trace id for a log line, or "" without tracing."""
    return _tracer.current_trace_id() if _tracer else ""
