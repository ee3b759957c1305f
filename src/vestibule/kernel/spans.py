"""Spans of a trace, where somebody traces (`vestibule.service.tracing`); nothing at all where nobody does."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Facts = Mapping[str, str | int]


class Span(Protocol):
    """What is being done, while it is done."""

    def describe(self, name: str, facts: Facts) -> None:
        """What it is called, and what is known of it now: nothing secret, nothing personal."""


class Tracer(Protocol):
    """A port: whoever makes spans."""

    def open_span(self, name: str, *, parent: str, kind: str) -> AbstractContextManager[Span]:
        """A span for as long as the context is held, inside the current one, or inside `parent`."""

    def current_traceparent(self) -> str:
        """The current span as a `traceparent` (W3C Trace Context, 3.2); empty where there is none."""

    def current_trace_id(self) -> str:
        """The current trace in hexadecimal digits; empty where there is none."""


class _NullSpan:
    def describe(self, name: str, facts: Facts) -> None:
        """Say nothing."""


_NULL_SPAN: AbstractContextManager[Span] = nullcontext(_NullSpan())
_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """From now on spans are made by this one; None: by nobody."""
    global _tracer
    _tracer = tracer


def open_span(name: str, *, parent: str = "", kind: str = "internal") -> AbstractContextManager[Span]:
    """A span for as long as the context is held. `parent`: a `traceparent` that was carried here; `kind`: `internal`,
    `server` or `producer`."""
    return _tracer.open_span(name, parent=parent, kind=kind) if _tracer else _NULL_SPAN


def current_traceparent() -> str:
    """The current span, to be carried elsewhere; empty where nobody traces."""
    return _tracer.current_traceparent() if _tracer else ""


def current_trace_id() -> str:
    """The current trace, for a log line; empty where nobody traces."""
    return _tracer.current_trace_id() if _tracer else ""
