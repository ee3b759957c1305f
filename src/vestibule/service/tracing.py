"""Tracing with OpenTelemetry (the `otel` extra), imported only where OTEL_* asks for it.

Spans of SQL, Redis and Celery come from OpenTelemetry's instrumentations. Those of requests, flows and deliveries are
our own, because Django's instrumentation records addresses and query strings, and a query may hold a token.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from vestibule.kernel import spans
from vestibule.kernel.errors import Refusal
from vestibule.kernel.spans import Facts

_EXPORTERS = {"otlp": OTLPSpanExporter, "console": ConsoleSpanExporter}
_INSTRUMENTATIONS = (PsycopgInstrumentor, RedisInstrumentor, CeleryInstrumentor)
_w3c = TraceContextTextMapPropagator()


class RedactingExporter(SpanExporter):
    """Exports spans without the text of an exception: that of a database error may hold an address."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the spans."""
        return self._exporter.export([_without_exception_text(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Export what is pending now."""
        return self._exporter.force_flush(timeout_millis)


class OtelSpan:
    """One of our own spans, while it is open (`kernel.spans.Span`)."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def describe(self, name: str, facts: Facts) -> None:
        """Set its name and attributes."""
        self._span.update_name(name)
        self._span.set_attributes(dict(facts))


class OtelTracer:
    """Makes spans with OpenTelemetry (`kernel.spans.Tracer`)."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def open_span(self, name: str, *, parent: str, kind: str) -> Iterator[OtelSpan]:
        """Open a span. A refusal is no error and is recorded by its code; of any other exception only the type is
        recorded."""
        with self._tracer.start_as_current_span(
            name,
            context=_w3c.extract({"traceparent": parent}) if parent else None,
            kind=SpanKind[kind.upper()],
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield OtelSpan(span)
            except Refusal as refusal:
                span.set_attribute("vestibule.refusal", refusal.code)
                raise
            except BaseException as error:
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__name__)
                raise

    def current_traceparent(self) -> str:
        """Return the current span as a `traceparent`."""
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier.get("traceparent", "")

    def current_trace_id(self) -> str:
        """Return the current trace id."""
        current = trace.get_current_span().get_span_context()
        return format_trace_id(current.trace_id) if current.is_valid else ""


def start_tracing(processor: SpanProcessor | None = None) -> TracerProvider:
    """Start to trace, to where OTEL_* says (or to `processor`)."""
    named = Resource({"service.name": "vestibule", "service.version": version("vestibule")})
    provider = TracerProvider(resource=named.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(processor or BatchSpanProcessor(RedactingExporter(_EXPORTERS[settings.TRACES_TO]())))
    for instrumentation in _INSTRUMENTATIONS:
        instrumentation().instrument(tracer_provider=provider)
    spans.use_tracer(OtelTracer(provider.get_tracer("vestibule")))
    return provider


def stop_tracing(provider: TracerProvider) -> None:
    """Stop to trace."""
    spans.use_tracer(None)
    for instrumentation in _INSTRUMENTATIONS:
        instrumentation().uninstrument()
    provider.shutdown()


def _without_exception_text(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )
