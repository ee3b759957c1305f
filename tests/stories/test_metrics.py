"""What `/metrics` says: latency by route, throttles by rule, the hashing queue, the funnel, the outbox; to whom."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from time_machine import travel

from tests.configured import configured, rated
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.courier import feedback
from vestibule.courier.models import Feedback, Message
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Unavailable
from vestibule.limits.admission import HASH, AdmissionControl
from vestibule.service.ops import exposition, metric_files, port
from vestibule.service.worker import schedule

ADA = "ada@example.com"


def value(name: str, **labels: str) -> float:
    """What this process has counted so far."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def house() -> dict[str, float]:
    """What is read when asked, now."""
    metrics = exposition.DeploymentCollector(fresh=timedelta(0)).collect()
    return {f"{s.name}{s.labels.get('state', '')}": s.value for metric in metrics for s in metric.samples}


def test_an_answer_is_counted_by_its_route_and_never_by_its_path(api: Api) -> None:
    """OTP-13."""
    labels = {"route": "api/auth/sessions/<uuid:id>", "method": "DELETE", "status": "4xx"}
    before = value("vestibule_request_duration_seconds_count", **labels)
    api.send("DELETE", "sessions/00000000-0000-4000-8000-00000000beef")
    assert value("vestibule_request_duration_seconds_count", **labels) == before + 1
    api.http.generic("BREW", "/nowhere/canary?token=canary")
    assert value("vestibule_request_duration_seconds_count", route="unmatched", method="other", status="4xx")
    text = exposition.render_metrics().decode()
    assert "beef" not in text
    assert "canary" not in text
    assert "BREW" not in text


def test_a_throttle_names_the_rule_that_refused(api: Api) -> None:
    before = value("vestibule_throttled_total", rule="login")
    with rated(login="1/hour"):
        answers = [api.login(ADA).status for _ in range(3)]
    assert answers == [401, 429, 429]
    assert value("vestibule_throttled_total", rule="login") == before + 2


def test_a_wrong_and_an_expired_code_are_counted(api: Api, inbox: Inbox) -> None:
    def refused(code: str) -> float:
        return value("vestibule_events_total", event="registration.confirm.refused", code=code)

    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        wrong, expired = refused("otp_invalid"), refused("otp_expired")
        registration = api.start(email=ADA, password=PASSWORD).registration
        code = inbox.newest(ADA).code
        api.confirm(registration, "xxxxxx")
        clock.shift(601)
        api.confirm(registration, code)
    assert (refused("otp_invalid"), refused("otp_expired")) == (wrong + 1, expired + 1)


def test_the_funnel_counts_each_step_of_a_sign_up_and_no_other_mail(api: Api, inbox: Inbox) -> None:
    def steps() -> list[float]:
        names = ("started", "sent", "delivered", "confirmed")
        return [value("vestibule_sign_ups_total", step=name, channel="email") for name in names]

    before = steps()
    registration = api.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    feedback.mark_message(Client.for_system("test", timezone.now()), Message.objects.get().pk, Feedback.DELIVERED)
    api.confirm(registration, code)
    api.start(email=ADA, password=PASSWORD)  # a known address: a notice, and no sign-up
    inbox.newest(ADA)
    assert [after - was for was, after in zip(before, steps(), strict=True)] == [1, 1, 1, 1]


def test_the_hashing_queue_is_seen(house: None) -> None:
    admission, held, go_on = AdmissionControl(places=1, reserved_places=0, slots={HASH: 1}), Event(), Event()
    somebody = Client.for_system("test", timezone.now())

    def hold() -> None:
        with admission.attribute_work_to(somebody), admission.hold_slot(HASH):
            held.set()
            assert go_on.wait(60)

    before = value("vestibule_work_refused_total", work="hash", where="door")
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(60)
        assert value("vestibule_work_running", work="hash") == 1
        with pytest.raises(Unavailable), admission.attribute_work_to(somebody), admission.hold_slot(HASH):
            pass
        go_on.set()
        holding.result()
    assert value("vestibule_work_running", work="hash") == 0
    assert value("vestibule_work_refused_total", work="hash", where="door") == before + 1


def test_the_outbox_and_the_sweeps_are_read_when_asked(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        assert house()["vestibule_outbox_messagesqueued"] == 0
        api.start(email=ADA, password=PASSWORD)
        clock.shift(90)
        seen = house()
        assert seen["vestibule_outbox_messagesqueued"] == 1
        assert (seen["vestibule_outbox_oldest_seconds"], seen["vestibule_outbox_overdue_seconds"]) == (90, 90)
        assert seen["vestibule_last_sweep_timestamp_seconds"] == 0
        inbox.all()
        schedule.run_due_sweeps()
        seen = house()
        assert (seen["vestibule_outbox_messagesqueued"], seen["vestibule_outbox_overdue_seconds"]) == (0, 0)
        assert seen["vestibule_last_sweep_timestamp_seconds"] == timezone.now().timestamp()


def test_a_message_that_no_transport_took_for_a_day_is_counted(api: Api, inbox: Inbox) -> None:
    before = value("vestibule_messages_given_up_total")
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.start(email=ADA, password=PASSWORD)
        api.start(email=ADA, password=PASSWORD)
        Message.objects.update(useless_at=None)
        clock.shift(86_401)
        inbox.all()
    assert value("vestibule_messages_given_up_total") == before + 2


def test_the_metrics_ask_for_a_token_where_one_is_set(house: None) -> None:
    http = Http()
    assert http.get("/metrics").status_code == 200
    with configured(METRICS_TOKEN="a token of the watch"):
        refused = http.get("/metrics")
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
        assert refused.json()["code"] == "not_authenticated"
        assert http.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 401
        assert http.get("/metrics", headers={"Authorization": "Bearer a token of the watch"}).status_code == 200


@pytest.fixture
def workers_port() -> Iterator[str]:
    """The port of a worker."""
    server = port.serve_metrics("127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()


def test_a_worker_has_a_port_of_its_own(house: None, workers_port: str) -> None:
    with configured(METRICS_TOKEN="a token of the watch"):
        with pytest.raises(HTTPError, match="401") as refused:
            urlopen(workers_port)
        refused.value.close()
        with urlopen(Request(workers_port, headers={"Authorization": "Bearer a token of the watch"})) as answer:
            families = {family.name for family in text_string_to_metric_families(answer.read().decode())}
    assert {"vestibule_events", "vestibule_sign_ups", "vestibule_build_info"} <= families


def test_no_label_names_a_person(api: Api, inbox: Inbox) -> None:
    """LOG-12."""
    access = api.account(inbox, ADA)
    api.send("GET", "me", access)
    text = exposition.render_metrics().decode()
    assert not re.search(r"\bada\b|example\.com|127\.0\.0\.1|[0-9a-f]{8}-[0-9a-f]{4}", text)


def test_the_files_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (tmp_path / f"counter_{pid}.db").touch()
    with configured(METRICS_DIR=str(tmp_path)):
        metric_files.delete_dead_process_files()
        assert [path.name for path in tmp_path.iterdir()] == [f"counter_{os.getpid()}.db"]
        metric_files.delete_process_files(os.getpid())
    assert not list(tmp_path.iterdir())
