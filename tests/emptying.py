"""Between two tests that commit: the tables that hold rows are emptied, and the connection stays.

Django would ask for the names of all tables, truncate each of them, which costs PostgreSQL several files a table, and
connect anew.
"""

from functools import cache

from django.db import connection
from django.db.transaction import atomic
from django.test import TransactionTestCase


def empty_instead_of_flushing() -> None:
    """From here on."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]
    TransactionTestCase._should_reload_connections = lambda _: False  # type: ignore[attr-defined]


def _empty(_: TransactionTestCase) -> None:
    if connection.errors_occurred:  # some tests break it
        connection.close()
    connection.close_at = None  # SQLite's would be closed after each test, and write its whole log to disk before
    connection.close_if_unusable_or_obsolete()
    with atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # all tables are emptied: no trigger has to look at each row of 20,000
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_which_hold_rows())
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@cache
def _which_hold_rows() -> str:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})" for table in tables
    )
