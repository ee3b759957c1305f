"""Whether the tables are those of this release."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from vestibule.kernel.cached import Cached


class NotMigrated(Exception):
    """Some migrations of this release were not applied."""


def unapplied() -> list[str]:
    """The migrations of this release that the database has not seen, in their order."""
    executor = MigrationExecutor(connection)
    return [
        f"{migration.app_label}.{migration.name}"
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


def _must_be_none() -> None:
    if unapplied():
        raise NotMigrated


_seen = Cached(_must_be_none)  # once applied, a migration stays so


def must_be_applied() -> None:
    """Look, until once they are. Raises NotMigrated."""
    _seen.get()


def forget() -> None:
    """Look anew next time."""
    _seen.forget()
