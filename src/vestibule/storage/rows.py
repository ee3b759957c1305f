"""Inserts and updates of rows with SQL that is composed once. Django composes it for each call. Both kinds of database
quote names alike."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, CharField, EmailField, Field, Model, TextField

from vestibule.storage import database

M = TypeVar("M", bound=Model)


# Fields that leave a value of their own type as it is, on both kinds of database; there are many in a row.
_SENT_AS_THEY_ARE = (BooleanField, CharField, EmailField, TextField)

_held_back: ContextVar[list[Model] | None] = ContextVar("held_back", default=None)


@contextmanager
def inserted_together() -> Iterator[None]:
    """Hold back the rows that the body inserts, and insert them at its end, in the caller's transaction, on PostgreSQL
    by one statement. The body reads none of them back.

    Raises:
        IntegrityError: a constraint refuses a row.
    """
    rows: list[Model] = []
    before = _held_back.set(rows)
    try:
        yield
    finally:
        _held_back.reset(before)
    if rows:
        _insert(rows)


def insert_row(row: M) -> M:
    """Insert a new row, in the caller's transaction; within `inserted_together` at its end. A key that the database
    generates is not read back.

    Raises:
        IntegrityError: a constraint refuses the row.
    """
    rows = _held_back.get()
    if rows is None:
        _insert([row])
    else:
        rows.append(row)
    return row


def insert_once(row: M) -> bool:
    """Insert a new row unless a unique constraint finds it, at once and after those that are held back. Return whether
    it was inserted.

    Raises:
        IntegrityError: a constraint refuses a row that was held back.
    """
    held = _held_back.get() or []
    before = held.copy()
    held.clear()
    return _insert([*before, row], " ON CONFLICT DO NOTHING")


def insert_or_update(row: Model, columns: Sequence[str], *, conflict: str, where: str) -> Any:
    """Insert a new row; if one with the same unique columns (`conflict`, in SQL) exists and `where` holds for it,
    update its `columns` instead, in one statement. Return the primary key of the inserted or updated row; None if
    `where` does not hold.

    Raises:
        IntegrityError: another constraint refuses the row.
    """
    connection = database.connection()
    quoted = connection.ops.quote_name
    sql, values = _bind_insert(row, connection)
    sets = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in columns)
    key: Any = row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} ON CONFLICT {conflict} DO UPDATE SET {sets} WHERE {where} RETURNING {quoted(key.column)}", values
        )
        found = cursor.fetchone()
    return key.to_python(found[0]) if found else None


def update_row(row: M, *unchanged: str, **new_values: object) -> bool:
    """Compare and set: give the row new values, if its columns named in `unchanged` (not null) still hold the values of
    `row`. Return whether they did; if so, `row` gets the new values, too.

    Raises:
        IntegrityError: a constraint refuses the values.
    """
    connection = database.connection()
    sql, set_fields, known = _compile_update(type(row), tuple(new_values), unchanged)
    values = [
        field.get_db_prep_save(value, connection) for field, value in zip(set_fields, new_values.values(), strict=True)
    ]
    values += [field.get_db_prep_save(field.value_from_object(row), connection) for field in known]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        changed = bool(cursor.rowcount)
    if changed:
        for name, value in new_values.items():
            setattr(row, name, value)
    return changed


@cache
def _compile_update(
    model: type[Model], changed_names: tuple[str, ...], unchanged_names: tuple[str, ...]
) -> "tuple[str, list[Field[object, object]], list[Field[object, object]]]":
    quoted = database.connection().ops.quote_name
    meta: Any = model._meta
    set_fields = [meta.get_field(name) for name in changed_names]
    known = [meta.pk, *map(meta.get_field, unchanged_names)]
    sets, where = ([f"{quoted(str(field.column))} = %s" for field in fields] for fields in (set_fields, known))
    table = quoted(meta.db_table)
    sql = f"UPDATE {table} SET {', '.join(sets)} WHERE {' AND '.join(where)}"  # noqa: S608 - our names
    return sql, set_fields, known


def _insert(rows: Sequence[Model], on_conflict: str = "") -> bool:
    """Insert the rows, the last with this clause. Return whether the last was inserted."""
    connection = database.connection()
    parts = [_bind_insert(row, connection) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # its WITH may hold statements that write (PostgreSQL, 7.8.4)
            *first, (last, _) = parts
            held = ", ".join(f"row_{at} AS ({sql})" for at, (sql, _) in enumerate(first))
            sql = f"WITH {held} {last}" if held else last
            cursor.execute(f"{sql}{on_conflict}", [value for _, values in parts for value in values])
        else:
            for at, (sql, values) in enumerate(parts, start=1):
                cursor.execute(f"{sql}{on_conflict if at == len(parts) else ''}", values)
        inserted = bool(cursor.rowcount)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return inserted


def _bind_insert(row: Model, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    sql, fields = _compile_insert(type(row))
    return sql, [
        getattr(row, field.attname) if as_it_is else field.get_db_prep_save(field.pre_save(row, True), connection)
        for field, as_it_is in fields
    ]


@cache
def _compile_insert(model: type[Model]) -> "tuple[str, list[tuple[Field[object, object], bool]]]":
    # What the database alone knows is left to it; a default of ours may have been given another value.
    fields = [field for field in model._meta.concrete_fields if not field.db_returning or field.has_default()]
    quoted = database.connection().ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - our names
    return sql, [(field, type(field) in _SENT_AS_THEY_ARE) for field in fields]
