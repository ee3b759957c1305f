"""Spans of a trace, where somebody traces (`vestibule.tracing`); nothing at all where nobody does."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Facts = Mapping[str, str | int]


class Span(Protocol):
    """What is being done, while it is done."""

    def tell(self, name: str, facts: Facts) -> None:
        """What it is called, and what is known of it now: nothing secret, nothing personal."""


class Tracer(Protocol):
    """A port: whoever makes spans."""

    def span(self, name: str, *, parent: str, kind: str) -> AbstractContextManager[Span]:
        """A span for as long as the context is held, inside the current one, or inside `parent`."""

    def carried(self) -> str:
        """The current span as a `traceparent` (W3C Trace Context, 3.2); empty where there is none."""

    def trace_id(self) -> str:
        """The current trace in hexadecimal digits; empty where there is none."""


class _Silent:
    def tell(self, name: str, facts: Facts) -> None:
        """Say nothing."""


_NOTHING: AbstractContextManager[Span] = nullcontext(_Silent())
_tracer: Tracer | None = None


def trace_by(tracer: Tracer | None) -> None:
    """From now on spans are made by this one; None: by nobody."""
    global _tracer
    _tracer = tracer


def span(name: str, *, parent: str = "", kind: str = "internal") -> AbstractContextManager[Span]:
    """A span for as long as the context is held. `parent`: a `traceparent` that was carried here; `kind`: `internal`,
    `server` or `producer`."""
    return _tracer.span(name, parent=parent, kind=kind) if _tracer else _NOTHING


def carried() -> str:
    """The current span, to be carried elsewhere; empty where nobody traces."""
    return _tracer.carried() if _tracer else ""


def trace_id() -> str:
    """The current trace, for a log line; empty where nobody traces."""
    return _tracer.trace_id() if _tracer else ""
