"""`make bench-purge`: 100,000 expired PENDING users purged beside live sign-ups, on PostgreSQL; how long rows are held.

Three measures. A row is locked no longer than the transaction of its batch: timed from BEGIN to after COMMIT.
PostgreSQL logs every wait for a lock of more than `deadlock_timeout` (`log_lock_waits`), here 100 ms: the lines are
counted. And what people notice: sign-up and confirmation, without and beside the purge.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter

import django

os.environ["STACK"] = "production"
from tests import environment

os.environ["LOG_LEVEL"] = "ERROR"
django.setup()

from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from tests.world import PASSWORD, Api
from vestibule.addresses.address import Email
from vestibule.courier.envelope import unseal_content
from vestibule.courier.models import Message
from vestibule.kernel import entropy
from vestibule.service.boot import freeze_garbage_collector
from vestibule.service.celery import app as celery
from vestibule.service.worker import schedule

__all__ = ["celery", "environment"]

ROWS = 100_000
LONGEST = 100  # milliseconds that a lock may last


def main() -> None:
    """Fill the table, measure, print."""
    call_command("migrate", verbosity=0)
    freeze_garbage_collector()  # as `serve` and `worker` do
    log_lock_waits()
    fill(ROWS)
    sign_up("warm@example.com")
    with people() as alone:
        Event().wait(5)
    users = next(each for each in schedule.list_sweeps() if each.kind == "unproved users")
    batches: list[float] = []
    with people() as beside:
        began = perf_counter()
        gone = schedule.erase_stale(replace(users, erase=timed(users.erase, batches)), timezone.now())
        took = perf_counter() - began
    log = Path(os.environ["TEST_FOLDER"]) / "pg/postgres.log"
    waits = log.read_text().count("still waiting for")
    tell(f"{gone} rows in {took:.1f} s, {len(batches)} batches of at most {schedule.BATCH_SIZE}; {left(users)} left")
    tell(f"a batch's transaction      {summary(batches)}")
    tell(f"waits for a lock over {LONGEST} ms, by PostgreSQL's log: {waits}")
    tell(f"sign-up and proof, alone   {summary(alone)}")
    tell(f"sign-up and proof, beside  {summary(beside)}")
    if waits or max(batches) * 1000 > LONGEST or left(users):
        sys.exit("NOT bounded")


def log_lock_waits() -> None:
    """Have PostgreSQL log each wait for a lock of more than 100 ms."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET log_lock_waits = on")
        cursor.execute(f"ALTER SYSTEM SET deadlock_timeout = '{LONGEST}ms'")
        cursor.execute("SELECT pg_reload_conf()")


def fill(rows: int) -> None:
    """So many PENDING users of four days ago, each with a profile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vestibule_user (id, password, email, full_name, role, status, created_at, updated_at)"
            " SELECT gen_random_uuid(), '!', 'old' || n || '@example.com', '', 'user', 'pending',"
            " now() - interval '4 days', now() - interval '4 days' FROM generate_series(1, %s) n",
            [rows],
        )
        cursor.execute(
            "INSERT INTO vestibule_profile (user_id, bio, address, picture) SELECT id, '', '', '' FROM vestibule_user"
        )
        cursor.execute("ANALYZE")


def timed(erase: Callable[[datetime, int], int], batches: list[float]) -> Callable[[datetime, int], int]:
    """The same, with the seconds of each call noted."""

    def run(before: datetime, limit: int) -> int:
        began = perf_counter()
        gone = erase(before, limit)
        batches.append(perf_counter() - began)
        return gone

    return run


@contextmanager
def people() -> Iterator[list[float]]:
    """People who sign up and prove it, one after the other; the seconds of each."""
    stop, took = Event(), list[float]()

    def come() -> None:
        while not stop.is_set():
            began = perf_counter()
            sign_up(f"{entropy.random_uuid()}@example.com")
            took.append(perf_counter() - began)
        connections.close_all()

    thread = Thread(target=come)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join()


def sign_up(email: str) -> None:
    """A pending sign-up, and its proof by the code that stands in the outbox."""
    api = Api()
    registered = api.register(email=email, password=PASSWORD)
    message = Message.objects.get(recipient=Email(email).digest)
    shown = {"email": email, "otp": str(unseal_content(message)[1]["code"]), "registration": registered.registration}
    proved = api.post("verify-email", shown)
    if (registered.status, proved.status) != (201, 200):
        raise RuntimeError(f"{registered.text} {proved.text}")


def left(users: schedule.Sweep) -> int:
    """How many are still stale."""
    return users.count(timezone.now() - users.kept_for)


def summary(seconds: list[float]) -> str:
    """Median, p99 and the longest, in milliseconds."""
    ordered = sorted(seconds)
    p99 = ordered[len(ordered) * 99 // 100]
    in_ms = [f"{1000 * each:6.1f} ms" for each in (median(ordered), p99, ordered[-1])]
    return f"median {in_ms[0]}   p99 {in_ms[1]}   longest {in_ms[2]}   ({len(ordered)})"


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
