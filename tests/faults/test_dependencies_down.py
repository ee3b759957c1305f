"""PostgreSQL or Redis is away: 503 soon, nothing half-made, and all is well again without a restart."""

from tests.faults.conftest import Deployment
from tests.servers import until

NEW = {"email": "away@example.com", "password": "correct horse battery staple"}


def test_postgresql_away(deployment: Deployment) -> None:
    """FLT-01."""
    registration = deployment.start("here@example.com")
    code, before = deployment.sink.mail("here@example.com").code, deployment.users()
    deployment.postgres.stop()
    assert deployment.service.post("/api/auth/register/start", NEW)[0] == 503  # within the client's time-out
    assert deployment.confirm(registration, code) == (503, "unavailable")
    # Readiness is looked at once a second.
    until(
        lambda: deployment.service.get("/health/ready")[1]["checks"]["database"] == "failed", "a word of the database"
    )
    assert deployment.service.get("/health/ready")[0] == 503
    assert deployment.service.get("/health/live")[0] == 200
    deployment.postgres.start()
    until(lambda: deployment.service.get("/health/ready")[0] == 200, "readiness")
    assert deployment.users() == before
    assert deployment.confirm(registration, code) == (201, "")


def test_redis_away(deployment: Deployment) -> None:
    """FLT-02, FLT-07."""
    deployment.start("before@example.com")
    before = deployment.sql("SELECT count(*) FROM vestibule_message")
    deployment.redis.stop()
    status, problem = deployment.service.post("/api/auth/register/start", NEW)  # within the client's time-out
    if deployment.store == "redis":
        assert (status, problem["code"]) == (503, "unavailable")
        assert deployment.sql("SELECT count(*) FROM vestibule_message") == before
    else:
        assert status == 202  # accepted, and delivered when the broker is back
    until(lambda: deployment.service.get("/health/ready")[1]["checks"]["broker"] == "failed", "a look at it")
    deployment.redis.start()
    until(lambda: deployment.service.get("/health/ready")[0] == 200, "readiness")
    registration = deployment.start("after@example.com")
    assert deployment.confirm(registration, deployment.sink.mail("after@example.com").code) == (201, "")


def test_a_flushed_redis_gives_no_fresh_guesses(deployment: Deployment) -> None:
    """FLT-04: wrong codes per address are counted in the database: a new start and an empty Redis change nothing."""
    for _ in range(2):
        registration = deployment.start("guessed@example.com")
        for _ in range(5):
            deployment.confirm(registration, "000000")
    deployment.redis.stop()
    deployment.redis.start()
    registration = deployment.start("guessed@example.com")
    assert deployment.confirm(registration, "000000") == (429, "locked")
    until(lambda: len(deployment.sink.mails("guessed@example.com")) == 3, "three mails")
    long_code = deployment.sink.mails("guessed@example.com")[-1].code
    assert len(long_code) == 23
    assert deployment.confirm(registration, long_code) == (201, "")
