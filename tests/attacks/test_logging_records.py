"""What is on record, and what is nowhere: events, logs, metrics; and a sweep for every secret that a story used."""

import json
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.apps import apps
from django.conf import settings
from prometheus_client import REGISTRY

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.audit.models import AuditEvent
from vestibule.challenges.desk import challenges
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.skins.api import registration as endpoint

ADA = "ada@example.com"


def everything_at_rest() -> str:
    """Every column of every table, every value in Redis, every file but the mailbox's, as one text."""
    kept = [
        repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
        for model in apps.get_models()
        for row in model._default_manager.values_list()
    ]
    if settings.REDIS_URL:
        connection = redis.Redis.from_url(settings.REDIS_URL)
        for key in connection.scan_iter():
            kept.append(repr((key, connection.dump(key))))
    for path in Path(settings.VAR).rglob("*"):
        if path.is_file() and path.parent.name != "mailbox" and "sqlite3" not in path.name:
            kept.append(repr(path.read_bytes()))
    return "\n".join(kept)


def test_every_step_is_one_event(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    api.confirm(registration, "xxxxxx")
    api.confirm(registration, code)
    api.confirm(registration, code)
    api.start(email=ADA, password=PASSWORD)
    events = list(AuditEvent.objects.order_by("id"))
    assert [(event.name, event.code) for event in events] == [
        ("registration.started", ""),
        ("registration.confirm.refused", "otp_invalid"),
        ("account.registered", ""),
        ("session.opened", ""),
        ("registration.confirm.refused", "token_used"),
        ("registration.repeated", ""),
    ]
    assert len({bytes(event.subject) for event in events if event.subject}) == 1  # one person, throughout
    assert all(event.address == "127.0.0.1" and event.request_id for event in events)


def test_no_secret_is_kept_or_told(api: Api, inbox: Inbox, printed: StringIO) -> None:
    """OTP-02, TOK-21."""
    registration = api.start(email=ADA, password=PASSWORD, full_name="Ada Canary").registration
    waiting = everything_at_rest()
    code = inbox.newest(ADA).code
    api.confirm(registration, "xxxxxx")
    body = api.confirm(registration, code).body
    at_rest, output = everything_at_rest(), printed.getvalue()
    for secret in (PASSWORD, body["access"], body["refresh"]):
        assert secret not in waiting + at_rest + output
    for text in (waiting, at_rest):
        assert f"'{code}'" not in text
        assert f'"{code}"' not in text
    assert code not in output
    assert ADA not in output
    assert ADA not in waiting  # an unproved address is kept sealed only
    assert "Ada Canary" not in waiting + output
    assert registration not in waiting + at_rest + output


def test_a_log_line_is_one_line_of_json(api: Api, inbox: Inbox, printed: StringIO) -> None:
    poison = '\x1b[31m"quoted"\u2028'.encode().decode("latin-1")
    api.post("register/start", {"email": ADA, "password": PASSWORD}, **{"User-Agent": poison})
    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert {"registration.started", "request"} <= {line["event"] for line in lines}
    request = next(line for line in lines if line["event"] == "request")
    assert request["route"] == "api/auth/register/start"
    assert all(line["request_id"] == request["request_id"] for line in lines if "request_id" in line)
    assert "\x1b" not in AuditEvent.objects.get().agent


def test_metrics_count_and_name_nobody(api: Api, inbox: Inbox) -> None:
    sample = {"event": "registration.started", "code": ""}
    before = REGISTRY.get_sample_value("vestibule_events_total", sample) or 0
    api.start(email=ADA, password=PASSWORD)
    assert REGISTRY.get_sample_value("vestibule_events_total", sample) == before + 1
    metrics = api.http.get("/metrics").content.decode()
    assert 'vestibule_events_total{code="",event="registration.started"}' in metrics
    assert "ada" not in metrics


def test_the_unexpected_is_a_problem_with_a_request_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, printed: StringIO
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault point")

    monkeypatch.setattr(endpoint, "admit", fail)
    answer = api.http.post(
        "/api/auth/register/start",
        {"email": ADA, "password": PASSWORD},
        content_type="application/json",
        headers={"X-Request-ID": "fault-1"},
    )
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == "fault-1"
    assert "fault point" not in answer.content.decode()
    output = printed.getvalue()
    assert output.count('"RuntimeError"') == 1
    assert "fault-1" in output
    assert PASSWORD not in output


def test_health_names_each_dependency(house: None) -> None:
    http = Http()
    assert http.get("/health/live").json() == {"status": "alive"}
    ready = http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"] == dict.fromkeys(("database", "store", "counters", "broker"), "ok")


def test_the_store_is_the_one_of_this_run() -> None:
    assert isinstance(challenges.store, RedisStore if settings.REDIS_URL else DatabaseStore)
