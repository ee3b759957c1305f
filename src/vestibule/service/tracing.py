"""Traces by OpenTelemetry (the `otel` extra): imported only where OTEL_* asks for them, with its own settings.

Spans of SQL, Redis and Celery are made by OpenTelemetry's instrumentations; those of requests, flows and deliveries are
our own, for Django's instrumentation puts addresses and query strings into them, and a query may hold a token.
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
    """Hands spans on without the words of an exception: those of a database tell whose address was taken."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand them on."""
        return self._exporter.export([_without_exception_text(span) for span in spans])

    def shutdown(self) -> None:
        """The end."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Now."""
        return self._exporter.force_flush(timeout_millis)


class OtelSpan:
    """One of our own spans, while it is open (`kernel.spans.Span`)."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def describe(self, name: str, facts: Facts) -> None:
        """What it is called, and what is known of it now."""
        self._span.update_name(name)
        self._span.set_attributes(dict(facts))


class OtelTracer:
    """Spans by OpenTelemetry (`kernel.spans.Tracer`)."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def open_span(self, name: str, *, parent: str, kind: str) -> Iterator[OtelSpan]:
        """A refusal is an answer like others, told by its code; of anything else the type is told, and an error."""
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
        """The current span as a `traceparent`."""
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier.get("traceparent", "")

    def current_trace_id(self) -> str:
        """The current trace."""
        current = trace.get_current_span().get_span_context()
        return format_trace_id(current.trace_id) if current.is_valid else ""


def start_tracing(processor: SpanProcessor | None = None) -> TracerProvider:
    """Trace from now on, to where OTEL_* says (or to `processor`)."""
    named = Resource({"service.name": "vestibule", "service.version": version("vestibule")})
    provider = TracerProvider(resource=named.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(processor or BatchSpanProcessor(RedactingExporter(_EXPORTERS[settings.TRACES_TO]())))
    for instrumentation in _INSTRUMENTATIONS:
        instrumentation().instrument(tracer_provider=provider)
    spans.use_tracer(OtelTracer(provider.get_tracer("vestibule")))
    return provider


def stop_tracing(provider: TracerProvider) -> None:
    """Trace no more."""
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
