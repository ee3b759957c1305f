"""The right code was given, and then something died: nothing is half-made, and the same code works once."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.error import URLError

import psycopg

from tests.faults.conftest import Deployment
from tests.servers import until


@contextmanager
def confirm_held_before_its_commit(
    deployment: Deployment, registration: str, otp: str
) -> Iterator[Future[tuple[int, str]]]:
    """Give the right code while another transaction holds the table of users: the work waits, the proof is claimed."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(deployment.database_url) as holder:
        holder.execute("LOCK TABLE vestibule_user IN EXCLUSIVE MODE")
        answer = pool.submit(deployment.confirm, registration, otp)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'vestibule_user'::regclass"
        until(lambda: deployment.sql(waiting)[0][0] == 1, "the work to wait")
        yield answer


def test_postgresql_stops_there(deployment: Deployment) -> None:
    """FLT-01."""
    registration = deployment.start("stopped@example.com")
    code, before = deployment.sink.mail("stopped@example.com").code, deployment.users()
    try:
        with confirm_held_before_its_commit(deployment, registration, code) as answer:
            deployment.postgres.stop()
            assert answer.result(timeout=5) == (503, "unavailable")
    except psycopg.OperationalError:
        pass  # the holder's own connection was cut as well
    deployment.postgres.start()
    assert deployment.users() == before
    deployment.let_leases_lapse()
    assert deployment.confirm(registration, code) == (201, "")
    assert deployment.confirm(registration, code) == (410, "token_used")
    assert deployment.users() == before + 1


def test_the_process_is_killed_there(deployment: Deployment) -> None:
    registration = deployment.start("killed@example.com")
    code, before = deployment.sink.mail("killed@example.com").code, deployment.users()
    with confirm_held_before_its_commit(deployment, registration, code) as answer:
        deployment.service.kill("serve")
        assert isinstance(answer.exception(timeout=5), (URLError, ConnectionError, OSError))
    deployment.service.start("serve")
    until(deployment.service.answers, "the service")
    assert deployment.users() == before
    assert deployment.confirm(registration, code) == (429, "locked")  # the truth: nobody knows yet that it died
    deployment.let_leases_lapse()
    assert deployment.confirm(registration, code) == (201, "")
    assert deployment.confirm(registration, code) == (410, "token_used")
    assert deployment.users() == before + 1


def test_the_work_times_out_there(deployment: Deployment) -> None:
    registration = deployment.start("slow@example.com")
    code, before = deployment.sink.mail("slow@example.com").code, deployment.users()
    with confirm_held_before_its_commit(deployment, registration, code) as answer:
        assert answer.result(timeout=5) == (503, "unavailable")
    assert deployment.users() == before
    assert deployment.confirm(registration, code) == (201, "")


def test_the_settling_is_lost(deployment: Deployment) -> None:
    """Committed, but the store never heard of it: the audit record refuses the second effect."""
    registration = deployment.start("unsettled@example.com")
    code = deployment.sink.mail("unsettled@example.com").code
    assert deployment.confirm(registration, code) == (201, "")
    before = deployment.users()
    deployment.unsettle()
    assert deployment.confirm(registration, code) == (410, "token_used")
    assert deployment.users() == before
