"""Mail servers refuse, workers die, brokers forget: every accepted start gets its mail."""

from pathlib import Path

import redis

from tests.faults.conftest import Deployment
from tests.servers import until


def pending(deployment: Deployment) -> int:
    """How many messages wait."""
    return int(deployment.sql("SELECT count(*) FROM vestibule_message WHERE state IN ('queued', 'sending')")[0][0])


def test_smtp_refuses_for_a_while(deployment: Deployment) -> None:
    """FLT-08."""
    deployment.sink.refuse = "451 4.7.1 greylisted"
    people = [f"refused{n}@example.com" for n in range(10)]
    registrations = {person: deployment.start(person) for person in people}
    tried = "SELECT count(*) FROM vestibule_message WHERE tries > 0 AND state = 'queued'"
    until(lambda: deployment.sql(tried)[0][0] == 10, "ten refused tries")
    deployment.sink.refuse = None
    deployment.let_leases_lapse()
    for person in people:
        assert deployment.confirm(registrations[person], deployment.sink.mail(person).code) == (201, "")
    assert pending(deployment) == 0
    assert deployment.sql("SELECT count(*) FROM vestibule_message WHERE sealed IS NOT NULL") == [(0,)]


def test_the_worker_is_killed_in_the_middle_of_a_message(deployment: Deployment) -> None:
    """FLT-06."""
    deployment.sink.hang = True
    registration = deployment.start("midway@example.com")
    assert deployment.sink.hanging.wait(20)
    deployment.service.kill("worker")
    deployment.sink.hang = False
    deployment.sink.go_on.set()
    assert deployment.sink.mails("midway@example.com") == []
    deployment.let_leases_lapse()
    deployment.service.start("worker", "--concurrency=1")
    post = deployment.sink.mail("midway@example.com")
    [(id,)] = deployment.sql("SELECT id FROM vestibule_message WHERE recipient_hint = 'm…@example.com'")
    assert post.headers["Message-ID"] == f"<{id}@[127.0.0.1]>"
    assert deployment.confirm(registration, post.code) == (201, "")


def test_the_broker_forgets_everything(deployment: Deployment) -> None:
    """FLT-07."""
    deployment.service.kill("worker")
    registrations = [deployment.start(f"forgotten{n}@example.com") for n in range(3)]
    connection = redis.Redis.from_url(deployment.redis.url())
    for key in ("celery", "unacked", "unacked_index"):
        connection.delete(key)
    deployment.service.start("worker", "--concurrency=1")
    for number, registration in enumerate(registrations):
        code = deployment.sink.mail(f"forgotten{number}@example.com").code
        assert deployment.confirm(registration, code) == (201, "")


def test_a_worker_is_one_process(deployment: Deployment) -> None:
    """Of several, each would come to hold all that they shared at first (docs/decisions/0182)."""
    pid = deployment.service.process("worker").pid
    tasks = Path(f"/proc/{pid}/task")
    assert [each for task in tasks.iterdir() for each in (task / "children").read_text().split()] == []
