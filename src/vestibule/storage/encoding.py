"""A check that the database's encoding and locale suit the data, before every command."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from vestibule.storage import database

UTF8 = "UTF8"
_HINT = (
    "Make another one, and move the data: CREATE DATABASE vestibule TEMPLATE template0 ENCODING 'UTF8' "
    "LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'; (before PostgreSQL 17: LC_COLLATE 'C' LC_CTYPE 'C')."
)


@register(Tags.security)
def check_database_encoding(**_: Any) -> list[Error]:
    """Check the encoding and locale that PostgreSQL was given when the database was created. A database that cannot be
    reached is not checked: the service starts and waits for it."""
    connection = database.connection()
    return list(_find_encoding_errors(connection)) if connection.vendor == "postgresql" else []


def _find_encoding_errors(connection: BaseDatabaseWrapper) -> Iterator[Error]:
    opened_before = connection.connection is not None
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_encoding'), lower('I'), upper('i')")
            encoding, *cases = cursor.fetchone() or (UTF8, "i", "I")
    except DatabaseError:
        return
    finally:
        if not opened_before:
            connection.close()
    if encoding != UTF8:
        what = f"The database keeps its text in {encoding}: most names, and our own words, do not fit in."
        yield Error(what, hint=_HINT, id="vestibule.E060")
    elif cases != ["i", "I"]:  # Turkish, Azerbaijani: two spellings of one username would be different
        what = "The database's locale has other small and capital letters for i and I than names have here."
        yield Error(what, hint=_HINT, id="vestibule.E061")
