"""What the operator is shown: metrics and health, and which store this run has. Events, logs and secrets:
tests/attacks/test_logging_*."""

import re

from prometheus_client import REGISTRY

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.conf import conf

ADA = "ada@example.com"


def test_metrics_count_and_name_nobody(api: Api, inbox: Inbox) -> None:
    sample = {"event": "registration.started", "code": ""}
    before = REGISTRY.get_sample_value("vestibule_events_total", sample) or 0
    api.start(email=ADA, password=PASSWORD)
    assert REGISTRY.get_sample_value("vestibule_events_total", sample) == before + 1
    metrics = api.http.get("/metrics").content.decode()
    assert 'vestibule_events_total{code="",event="registration.started"}' in metrics
    assert not re.search(r"\bada\b", metrics)


def test_health_names_each_dependency(house: None) -> None:
    http = Http()
    assert http.get("/health/live").json() == {"status": "alive"}
    ready = http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"] == dict.fromkeys(("database", "store", "counters", "broker"), "ok")


def test_the_store_is_the_one_of_this_run() -> None:
    assert isinstance(challenges.store, RedisStore if conf.redis_url else DatabaseStore)
