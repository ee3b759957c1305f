"""The right code was given, and then something died: nothing is half-made, and the same code works once."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.error import URLError

import psycopg
import pytest

from tests.faults.conftest import Deployment
from tests.servers import until


@contextmanager
def confirm_held_before_its_commit(
    deployment: Deployment, registration: str, otp: str, table: str = "vestibule_user"
) -> Iterator[Future[tuple[int, str]]]:
    """Give the right code while another transaction holds a table: the work waits there, the proof is claimed."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(deployment.database_url) as holder:
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        answer = pool.submit(deployment.confirm, registration, otp)
        waiting = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass"
        until(lambda: deployment.sql(waiting)[0][0] == 1, "the work to wait")
        yield answer


def guesses(deployment: Deployment) -> tuple[int, int]:
    """How many guesses count, and how many in a row, of all addresses together."""
    told = "SELECT coalesce(sum(jsonb_array_length(moments)), 0), coalesce(sum(streak), 0)"
    [counted] = deployment.sql(f"{told} FROM vestibule_limit_tally WHERE scope = 'codes'")
    return int(counted[0]), int(counted[1])


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


@pytest.mark.parametrize("table", ["vestibule_user", "vestibule_refresh_token"])
def test_the_process_is_killed_there(deployment: Deployment, table: str) -> None:
    """The guess was counted to last before it was compared, and is taken back with what it proved, or not at all."""
    address = f"killed.at.{table}@example.com"
    registration = deployment.start(address)
    code, before = deployment.sink.mail(address).code, deployment.users()
    counted, run = guesses(deployment)
    with confirm_held_before_its_commit(deployment, registration, code, table) as answer:
        deployment.service.kill("serve")
        assert isinstance(answer.exception(timeout=5), (URLError, ConnectionError, OSError))
    deployment.service.start("serve")
    until(deployment.service.answers, "the service")
    assert deployment.users() == before
    assert guesses(deployment) == (counted + 1, run + 1)
    assert deployment.confirm(registration, code) == (429, "locked")  # the truth: nobody knows yet that it died
    deployment.let_leases_lapse()
    assert deployment.confirm(registration, code) == (201, "")
    assert guesses(deployment) == (counted + 1, run)
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
