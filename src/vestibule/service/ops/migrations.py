"""Whether the tables are those of this release."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from vestibule.kernel.cached import Cached


class NotMigrated(Exception):
    """Some migrations of this release were not applied."""


def list_unapplied_migrations() -> list[str]:
    """The migrations of this release that the database has not seen, in their order."""
    executor = MigrationExecutor(connection)
    return [
        f"{migration.app_label}.{migration.name}"
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


def _require_none_unapplied() -> None:
    if list_unapplied_migrations():
        raise NotMigrated


_all_applied = Cached(_require_none_unapplied)  # once applied, a migration stays so


def require_migrated() -> None:
    """Look, until once they are. Raises NotMigrated."""
    _all_applied.get()


def reset_migration_check() -> None:
    """Look anew next time."""
    _all_applied.invalidate()
