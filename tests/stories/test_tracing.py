"""Traces: one for a sign-up, from the request through flow, SQL and Redis to the delivery; nothing private in it."""

import json
from collections.abc import Iterator
from io import StringIO
from unittest.mock import patch

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import DataError, connection
from django.utils import timezone
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, StatusCode, format_trace_id

from tests.configured import configured
from tests.environment import PRODUCTION
from tests.servers import until
from tests.world import PASSWORD, Api, Inbox
from vestibule.courier import delivery
from vestibule.kernel import spans
from vestibule.service import tracing
from vestibule.service.celery import app
from vestibule.web.api import registration as endpoint

ADA = "ada@example.com"
RUN = "run/vestibule.deliver"
THEIRS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"  # the example of W3C Trace Context


@pytest.fixture
def exported(house: None) -> Iterator[InMemorySpanExporter]:
    """Every span that is handed on."""
    exporter = InMemorySpanExporter()
    provider = tracing.start_tracing(SimpleSpanProcessor(tracing.RedactingExporter(exporter)))
    connection.close()  # SQL is traced on connections that are opened from here on
    with configured(MIDDLEWARE=["vestibule.web.tracing.trace_requests", *settings.MIDDLEWARE]):
        yield exporter
    tracing.stop_tracing(provider)
    connection.close()


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    """The newest span of that name."""
    return next(span for span in reversed(exporter.get_finished_spans()) if span.name == name)


def trace_of(span: ReadableSpan) -> str:
    """Its trace."""
    return format_trace_id(context_of(span).trace_id)


def context_of(span: ReadableSpan) -> SpanContext:
    """Which span it is."""
    context = span.get_span_context()
    assert context
    return context


def test_one_trace_from_the_request_to_the_delivery(exported: InMemorySpanExporter, printed: StringIO) -> None:
    api = Api()
    registration = api.start(email=ADA, password=PASSWORD).registration
    delivery.deliver_due_messages(timezone.now())
    request, flow = named(exported, "POST api/auth/register/start"), named(exported, "registration.start")
    assert request.attributes
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "http.route": "api/auth/register/start",
        "http.response.status_code": 202,
    }
    assert flow.parent
    assert flow.parent.span_id == context_of(request).span_id
    delivered = named(exported, "deliver registration_code")
    assert trace_of(flow) == trace_of(delivered) == trace_of(request)
    api.confirm(registration, "xxxxxx")
    refused = named(exported, "registration.confirm")
    assert refused.attributes
    assert (refused.attributes["vestibule.refusal"], refused.status.status_code) == ("otp_invalid", StatusCode.UNSET)
    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    told = {line["event"]: line["trace_id"] for line in lines if "trace_id" in line}
    assert told["registration.started"] == told["message.sent"] == trace_of(request)


@pytest.mark.skipif(not PRODUCTION, reason="PostgreSQL, Redis and Celery")
def test_sql_redis_and_tasks_are_in_it(exported: InMemorySpanExporter) -> None:
    with (
        patch.dict(app.conf, {"worker_hijack_root_logger": False}),
        start_worker(app, perform_ping_check=False, shutdown_timeout=30),
    ):
        Api().start(email=ADA, password=PASSWORD)
        until(lambda: any(span.name == RUN for span in exported.get_finished_spans()), "the task")
    request = named(exported, "POST api/auth/register/start")
    inside = [span for span in exported.get_finished_spans() if trace_of(span) == trace_of(request)]
    systems = {
        str(span.attributes["db.system"]) for span in inside if span.attributes and "db.system" in span.attributes
    }
    assert systems == {"postgresql", "redis"}
    assert "apply_async/vestibule.deliver" in {span.name for span in inside}
    assert RUN in {span.name for span in inside}


def test_a_strangers_trace_is_not_followed_and_a_proxys_is(exported: InMemorySpanExporter) -> None:
    http = Api().http
    http.get("/api/auth/config", headers={"traceparent": THEIRS})
    assert trace_of(named(exported, "GET api/auth/config")) not in THEIRS
    http.get("/api/auth/config", headers={"traceparent": THEIRS}, REMOTE_ADDR="10.0.0.1")
    assert trace_of(named(exported, "GET api/auth/config")) in THEIRS


def test_nothing_private_is_in_a_span(exported: InMemorySpanExporter, inbox: Inbox) -> None:
    """LOG-01."""
    api = Api()
    registration = api.start(email=ADA, password=PASSWORD, username="ada", full_name="Ada Canary").registration
    code = inbox.newest(ADA).code
    body = api.confirm(registration, code).body
    api.start(email="eve@example.com", password=PASSWORD, username="ada")
    api.http.get(f"/verify-email/?token={registration}")
    with patch.object(endpoint.StartRegistration, "admit", side_effect=RuntimeError("canary")):
        api.start(email="eve@example.com", password=PASSWORD)
    text = "".join(span.to_json() for span in exported.get_finished_spans())
    for private in (
        ADA,
        PASSWORD,
        code,
        registration,
        body["access"],
        body["refresh"],
        "Canary",
        "canary",
        "127.0.0.1/",
    ):
        assert private not in text
    assert '"ada"' not in text
    assert "token=" not in text


def test_an_unexpected_failure_is_an_error_without_its_words(exported: InMemorySpanExporter) -> None:
    """LOG-01, LOG-11."""
    with pytest.raises(ValueError, match="canary"), spans.open_span("something"):
        raise ValueError("canary")
    span = named(exported, "something")
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert span.attributes
    assert span.attributes["error.type"] == "ValueError"
    assert not span.events


def test_nobody_traces_where_nobody_asked(house: None) -> None:
    assert not settings.TRACING
    assert (spans.current_traceparent(), spans.current_trace_id()) == ("", "")
    with spans.open_span("something") as span:
        span.describe("nothing", {})


@pytest.mark.skipif(not PRODUCTION, reason="PostgreSQL")
def test_the_words_of_the_database_stay_here(exported: InMemorySpanExporter) -> None:
    with pytest.raises(DataError, match="canary"), connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", ["canary"])
    failed = [span for span in exported.get_finished_spans() if span.status.status_code is StatusCode.ERROR]
    assert failed
    assert "canary" not in "".join(span.to_json() for span in exported.get_finished_spans())
