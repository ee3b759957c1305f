"""`vestibule doctor` as its users run it, on a whole production stack: nothing to mend, nothing to think about."""

import json

import pytest
import redis
from celery import Celery

from tests.faults.conftest import Deployment
from tests.servers import until

STREET = {
    "BASE_URL": "https://auth.example.com",
    "ALLOWED_HOSTS": "auth.example.com",
    "SECRET_KEY": "Yf0tqv1nFVm0vNwYlKJmZ3vV7mRZk5q0eGx2sQ8hJt4",
    "TRUSTED_PROXIES": "10.0.0.0/24",
    "METRICS_TOKEN": "a token of the watch",
    "PASSWORD_MIN_LENGTH": "15",
    "RATE_LIMITS": "on",
    "MFA_REQUIRED_ROLES": "admin,manager",
    "PROMETHEUS_MULTIPROC_DIR": "",
}


def test_a_good_configuration_has_no_finding(deployment: Deployment) -> None:
    if deployment.store != "redis":
        pytest.skip("once is enough")
    server = redis.Redis.from_url(deployment.redis.url())
    server.config_set("save", "3600 1")
    Celery(broker=deployment.redis.url()).send_task("vestibule.sweep")  # as beat does
    until(lambda: bool(deployment.sql("SELECT 1 FROM vestibule_limit_tally WHERE scope = 'pulse'")), "the first sweep")
    answer = deployment.service.told("doctor", "--json", "--strict", "--mail", "watch@example.com", **STREET)
    server.config_set("save", "")
    told = json.loads(answer.stdout)
    assert [row for row in told["findings"] if row["level"] != "fine"] == []
    assert (answer.returncode, told["ok"]) == (0, True)
    assert "test mail" in deployment.sink.mail("watch@example.com").subject


def test_a_broken_one_has_findings(deployment: Deployment) -> None:
    if deployment.store != "redis":
        pytest.skip("once is enough")
    answer = deployment.service.told("doctor")
    assert answer.returncode == 1
    for found in ("✗ https", "✗ rates", "! password-minimum", "! metrics", "✓ worker", "✓ database", "· cookies"):
        assert found in answer.stdout
