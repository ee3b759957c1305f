"""Checks of the database: it answers, is migrated, has enough connections, and its clock is right."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from vestibule.conf import conf
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine, report_warning
from vestibule.service.doctor.clock import compare_clocks
from vestibule.service.ops.migrations import list_unapplied_migrations
from vestibule.storage import database

SPARE_CONNECTIONS = 10  # connections for a worker, beat and an operator


def check_database_answers(_: DoctorRun) -> Iterator[Observation]:
    """Run one statement."""
    connection = database.connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if conf.https and connection.vendor == "sqlite":
        yield report_warning("SQLite: one process on one machine, and no worker beside it")
    else:
        yield report_fine(f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))} answers")


def check_migrations(_: DoctorRun) -> Iterator[Observation]:
    """Check that every migration of this release is applied."""
    left = list_unapplied_migrations()
    yield report_error(f"{len(left)} not applied, {left[0]} the first of them") if left else report_fine("all applied")


def check_connections(_: DoctorRun) -> Iterator[Observation]:
    """Check that the server has a connection for every thread of every web process."""
    wanted = settings.WEB_PROCESSES * settings.WEB_THREADS
    connection = database.connection()
    if connection.vendor != "postgresql":
        yield report_fine("a file has no connections")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
            " inet_server_port()"
        )
        most, port = cursor.fetchone() or (0, None)
    says = f"{wanted} of this machine's web threads, {most} that the server has"
    if port and port != int(connection.settings_dict["PORT"] or 5432):
        yield report_fine(f"{says}, and a pooler in between")
    else:
        yield report_warning(says) if wanted + SPARE_CONNECTIONS > most else report_fine(says)


def check_database_clock(_: DoctorRun) -> Iterator[Observation]:
    """Compare the database's clock with ours."""
    connection = database.connection()
    if connection.vendor != "postgresql":
        yield report_fine("the same machine")
        return
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [theirs] = cursor.fetchone() or [before]
    yield compare_clocks("database", theirs, before, timezone.now())


CHECKS = (
    Check(
        id="database",
        looks_at="whether the database answers, and is made for more than one process",
        remedy="Start PostgreSQL and set DATABASE_URL=postgres://user:password@host/name.",
        run=check_database_answers,
    ),
    Check(
        id="migrations",
        looks_at="whether every migration was applied",
        remedy="Run `vestibule migrate`.",
        run=check_migrations,
        needs="database",
    ),
    Check(
        id="connections",
        looks_at="whether the database has a connection for each web thread",
        remedy="Raise max_connections, lower WEB_PROCESSES or WEB_THREADS, or put PgBouncer in between.",
        run=check_connections,
        needs="database",
    ),
    Check(
        id="clock-database",
        looks_at="the database's clock against ours (2 s)",
        remedy="Run an NTP client (chrony, systemd-timesyncd) on every machine.",
        run=check_database_clock,
        needs="database",
    ),
)
