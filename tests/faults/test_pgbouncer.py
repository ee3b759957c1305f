"""PgBouncer in transaction mode between the web processes and PostgreSQL: all is as without, the timeouts too;
and migrations, which go around it, one at a time."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faults.conftest import Deployment
from tests.servers import free_port, until
from tests.service import Service
from tests.world import PASSWORD

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")  # made sure of by the Makefile
CONFIGURATION = Path(__file__).parents[2] / "deploy/pgbouncer.ini"
AT_ONCE = 16

pytestmark = pytest.mark.skipif(not PGBOUNCER, reason="no PgBouncer: THE TESTS THROUGH IT DID NOT RUN")


@pytest.fixture(scope="module")
def pooled(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PgBouncer, configured as `deploy/` says, with four connections."""
    if deployment.store != "redis":
        pytest.skip("the challenges' store makes no difference here; once is enough")
    folder, port = tmp_path_factory.mktemp("pgbouncer"), free_port()
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(_configured(port, urlsplit(deployment.database_url).port or 0))
    user = ["--user=nobody"] if os.geteuid() == 0 else []
    log = (folder / "log").open("ab")
    process = subprocess.Popen([PGBOUNCER or "", *user, configuration], stdout=subprocess.DEVNULL, stderr=log)
    url = f"postgres://postgres@127.0.0.1:{port}/vestibule"
    until(lambda: _answers(url), "PgBouncer")
    yield url
    process.kill()
    process.wait()


def _configured(port: int, database: int) -> str:
    """Our configuration, with the addresses of this run, and trust."""
    text = CONFIGURATION.read_text()
    text = text.replace("host=postgres port=5432", f"host=127.0.0.1 port={database} user=postgres")
    changed = {"listen_addr": "127.0.0.1", "listen_port": port, "auth_type": "any", "default_pool_size": 4}
    for name, value in changed.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    return text.replace("auth_file", ";auth_file") + "unix_socket_dir =\n"


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="module")
def service(pooled: str, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, through it."""
    environment = {**deployment.environment, "DATABASE_URL": pooled, "DATABASE_POOLED": "on", "WEB_PROCESSES": "1"}
    service = Service(tmp_path_factory.mktemp("pooled"), **environment)
    service.start("serve")
    until(service.answers, "the service")
    yield service
    service.stop()


def test_everything_goes_on_at_once(service: Service, deployment: Deployment) -> None:
    person = {"email": "pooled@example.com", "password": PASSWORD}
    registration = service.post("/api/auth/register/start", person)[1]["registration"]
    given = {"registration": registration, "otp": deployment.sink.mail("pooled@example.com").code}
    assert service.post("/api/auth/register/confirm", given)[0] == 201

    def come_in(_: int) -> list[int]:
        status, session = service.post("/api/auth/login", person)
        statuses = [status]
        for _ in range(5):
            status, session = service.post("/api/auth/token/refresh", {"refresh": session["refresh"]})
            statuses.append(status)
        return statuses

    with ThreadPoolExecutor(4) as few:  # a password hash each
        sessions = list(few.map(come_in, range(4)))
    assert sessions == [[200] * 6] * 4
    refreshes = [service.post("/api/auth/login", person)[1]["refresh"] for _ in range(2)]
    with ThreadPoolExecutor(AT_ONCE) as many:  # four times as many as there are connections
        answers = list(
            many.map(
                lambda n: service.post("/api/auth/token/refresh", {"refresh": refreshes[n % 2]}), range(AT_ONCE * 4)
            )
        )
    assert {status for status, _ in answers} == {200}
    assert len({body["refresh"] for _, body in answers}) == 2  # each rotated once, whoever came first


def test_the_timeouts_hold(service: Service, pooled: str, deployment: Deployment) -> None:
    """FLT-03."""
    with psycopg.connect(pooled) as connection:
        for name, value in {
            "statement_timeout": "4s",
            "lock_timeout": "3s",
            "idle_in_transaction_session_timeout": "10s",
        }.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
    registration = deployment.start("waits@example.com")
    given = {"registration": registration, "otp": deployment.sink.mail("waits@example.com").code}
    with psycopg.connect(deployment.database_url) as holder:
        holder.execute("LOCK TABLE vestibule_user IN EXCLUSIVE MODE")
        assert service.post("/api/auth/register/confirm", given)[0] == 503
    assert service.post("/api/auth/register/confirm", given)[0] == 201


def test_two_machines_migrate_at_once(deployment: Deployment, tmp_path: Path) -> None:
    if deployment.store != "redis":
        pytest.skip("once is enough")
    environment = {**deployment.environment, "DATABASE_URL": deployment.postgres.create("fresh")}
    machines = [Service(tmp_path, **environment).start("migrate") for _ in range(2)]
    assert [machine.wait(timeout=60) for machine in machines] == [0, 0]
    assert deployment.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") == []
