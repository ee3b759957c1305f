"""A check that the tables are those of this release."""

from django.db.migrations.executor import MigrationExecutor

from vestibule.kernel.cached import Cached
from vestibule.storage import database


class NotMigrated(Exception):
    """Some migrations of this release are not applied."""


def list_unapplied_migrations() -> list[str]:
    """Return the migrations of this release that are not applied, in order."""
    executor = MigrationExecutor(database.connection())
    return [
        f"{migration.app_label}.{migration.name}"
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


def _require_none_unapplied() -> None:
    if list_unapplied_migrations():
        raise NotMigrated


_all_applied = Cached(_require_none_unapplied)  # an applied migration stays applied


def require_migrated() -> None:
    """Check the migrations, until they are all applied.

    Raises:
        NotMigrated: some are not applied.
    """
    _all_applied.get()


def reset_migration_check() -> None:
    """Check anew at the next call."""
    _all_applied.invalidate()
