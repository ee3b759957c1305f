"""The database of vestibule's tables: the one that DATABASE_ROUTERS name, else `default`.

Queries of models follow the router by themselves. Transactions and SQL of our own take its alias from here; Django's
`transaction.atomic` and `connection` always mean `default` and are banned elsewhere (docs/decisions/0103).
"""

from collections.abc import Callable
from functools import cache

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model


def alias() -> str:
    """Return the alias of the database, as the router says now. It is asked about one model, since all are together."""
    return router.db_for_write(_routed_model()) if router.routers else DEFAULT_DB_ALIAS


def aliases(model: type[Model]) -> set[str]:
    """Return where the router reads and writes the model's rows."""
    return {router.db_for_read(model), router.db_for_write(model)}


def connection() -> BaseDatabaseWrapper:
    """Return this thread's connection."""
    return connections[alias()]


def atomic(*, savepoint: bool = True, durable: bool = False) -> transaction.Atomic:
    """Return Django's `atomic`. It is not a decorator: the alias would be read at import."""
    return transaction.atomic(using=alias(), savepoint=savepoint, durable=durable)


def on_commit(do: Callable[[], object]) -> None:
    """Call `do` after the commit of the current transaction, or at once if there is none."""
    transaction.on_commit(do, using=alias())


@cache
def _routed_model() -> type[Model]:
    return apps.get_model("vestibule_accounts", "User")
