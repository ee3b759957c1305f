"""`vestibule migrate`: bring the tables of the database up to this release. One process at a time migrates, on any
number of machines, and none is cut off in the middle."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from vestibule.conf import conf
from vestibule.service.cli.base import OperatorCommand
from vestibule.service.ops.migrations import list_unapplied_migrations

ADVISORY_LOCK_ID = 0x7665737469  # "vesti"; other users of this database must use other numbers
LOCK_TIMEOUT = "10min"  # for the migrations of another machine


class Command(OperatorCommand, migrate.Command):
    """Migrate under an exclusive lock."""

    help = "Bring the tables of the database up to this release."

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, and bring in the applications of APPLICATIONS_FILE once every table is there. A second process
        waits, and then finds nothing to do.

        Raises:
            CommandError: DATABASE_POOLED is set.
        """
        if settings.DATABASE_POOLED:
            raise CommandError(
                "Migrations go to PostgreSQL itself: in PgBouncer's sessions no lock stays ours, and its timeouts "
                "would cut them. Set DATABASE_URL to PostgreSQL's own and DATABASE_POOLED=off for this command."
            )
        connection = connections[options["database"]]
        with (
            _exclusive_on_postgresql(connection)
            if connection.vendor == "postgresql"
            else _exclusive_on_sqlite(connection)
        ):
            super().handle(*args, **options)
        if settings.APPLICATIONS_FILE and not list_unapplied_migrations():
            call_command("apply_applications", stdout=self.stdout if options["verbosity"] else StringIO())


@contextmanager
def _exclusive_on_sqlite(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Apply all migrations or none, under a file lock.

    Django records a migration after the transaction that applied it: a process killed between the two would leave
    tables that no later start could create. SQLite alters tables only while foreign keys are not checked, which must be
    set before the transaction; each migration checks them at its end.
    """
    with (conf.var_dir / "migrate.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        connection.disable_constraint_checking()
        try:
            with atomic(using=connection.alias):
                yield
        finally:
            connection.enable_constraint_checking()


@contextmanager
def _exclusive_on_postgresql(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold an advisory lock on a separate connection."""
    holder = connection.copy()
    holder.settings_dict["OPTIONS"]["patience"] = None
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', '0', false)")
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK_ID])
        with _without_statement_timeout(connection):
            yield
    finally:
        holder.close()


@contextmanager
def _without_statement_timeout(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let the statements of migrations take any time. Waiting for a table still ends after three seconds, because the
    whole service would queue behind it; such a migration fails as a whole and is run again."""
    options = connection.settings_dict["OPTIONS"]
    usual = dict(options)
    connection.close()
    options.update(options="-c lock_timeout=3000", patience=None)
    try:
        yield
    finally:
        connection.close()
        options.update(usual)
