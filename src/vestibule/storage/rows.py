"""Inserts and updates of rows with SQL that is composed once. Django composes it for each call. Both kinds of database
quote names alike."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BinaryField,
    BooleanField,
    CharField,
    DateTimeField,
    EmailField,
    Field,
    Model,
    TextField,
    UUIDField,
)

from vestibule.storage import database

M = TypeVar("M", bound=Model)


_MANY_PARAMETERS = 50  # psycopg parses a statement with more of them anew each time
_UNLESS_FOUND = " ON CONFLICT DO NOTHING"


@dataclass(slots=True)
class _Held:
    """What is held back: rows, other statements with their values, and a row that raises unless it is new."""

    rows: list[Model] = field(default_factory=list)
    statements: list[tuple[str, Sequence[Any]]] = field(default_factory=list)
    once: tuple[Model, Exception] | None = None


_held_back: ContextVar[_Held | None] = ContextVar("held_back", default=None)


@contextmanager
def inserted_together() -> Iterator[None]:
    """Hold back the rows that the body inserts, and insert them at its end, in the caller's transaction, on PostgreSQL
    by one statement. The body reads none of them back. Within another one, its end is that of the outer.

    Raises:
        IntegrityError: a constraint refuses a row.
    """
    if _held_back.get() is not None:
        yield
        return
    held = _Held()
    before = _held_back.set(held)
    try:
        yield
    finally:
        _held_back.reset(before)
    _write(held)


def insert_row(row: M) -> M:
    """Insert a new row, in the caller's transaction; within `inserted_together` at its end. A key that the database
    generates is not read back.

    Raises:
        IntegrityError: a constraint refuses the row.
    """
    held = _held_back.get()
    if held is None:
        _write(_Held(rows=[row]))
    else:
        held.rows.append(row)
    return row


def insert_new_row(row: Model, refusal: Exception) -> None:
    """Insert a row, in the caller's transaction; within `inserted_together` at its end, of one row each.

    Raises:
        Exception: `refusal`, if a unique constraint finds the row there already. The transaction must not survive it.
        IntegrityError: a constraint refuses the row, or one of those held back.
    """
    held = _held_back.get()
    if held is None or held.once:
        _write(_Held(once=(row, refusal)))
    else:
        held.once = row, refusal


def write_row(sql: str, values: Sequence[Any]) -> None:
    """Change rows by a statement of ours, in the caller's transaction; within `inserted_together` at its end, which on
    PostgreSQL sees none of the rows that are inserted with it."""
    held = _held_back.get()
    if held is None:
        _write(_Held(statements=[(sql, values)]))
    else:
        held.statements.append((sql, values))


def insert_once(row: M) -> bool:
    """Insert a new row at once, unless a unique constraint finds it. Return whether it was inserted."""
    return _execute([_bind_insert(row, database.connection())], [row], _UNLESS_FOUND)


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


def _write(held: _Held) -> None:
    connection = database.connection()
    rows = [held.once[0], *held.rows] if held.once else held.rows
    # A few have the same text whatever they hold, so that no time tells an address that is known from another.
    of_rows = sum(len(_inserted_fields(type(row), connection.vendor)) for row in rows)
    sparing = of_rows + sum(len(values) for _, values in held.statements) > _MANY_PARAMETERS
    parts = [*(_bind_insert(row, connection, sparing=sparing) for row in rows), *held.statements]
    if parts and not _execute(parts, rows, _UNLESS_FOUND if held.once else "") and held.once:
        raise held.once[1]


def _execute(parts: Sequence[tuple[str, Sequence[Any]]], rows: Sequence[Model], on_conflict: str = "") -> bool:
    """Run the statements, the first with this clause, which insert these rows. Return whether the first wrote a row.

    PostgreSQL's WITH may hold statements that write (PostgreSQL, 7.8.4). It promises no order; it runs the main one
    first and then the last of the WITH up to its first, so that numbers of rows, and locks, come in the order given.
    """
    connection = database.connection()
    (main, given), *others = parts
    if connection.vendor == "postgresql" and others:
        others.reverse()
        held = ", ".join(f"part_{at} AS ({sql})" for at, (sql, _) in enumerate(others))
        main = f"WITH {held} {main}"
        given, others = [*(each for _, values in others for each in values), *given], []
    with connection.cursor() as cursor:
        cursor.execute(f"{main}{on_conflict}", given)
        wrote = bool(cursor.rowcount)
        for sql, values in others:
            cursor.execute(sql, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return wrote


def _bind_insert(row: Model, connection: BaseDatabaseWrapper, *, sparing: bool = False) -> tuple[str, list[Any]]:
    """Return the SQL of an insert, and its values. If `sparing`, what holds nothing (NULL, false, an empty text) stands
    in the SQL: it is half of a row."""
    values = [
        getattr(row, field.attname) if as_it_is else field.get_db_prep_save(field.pre_save(row, True), connection)
        for field, as_it_is in _inserted_fields(type(row), connection.vendor)
    ]
    if not sparing:
        return _compose_insert(type(row), ("%s",) * len(values)), values
    places = [
        "NULL" if each is None else "false" if each is False else "''" if type(each) is str and not each else "%s"
        for each in values
    ]
    given = [value for value, place in zip(values, places, strict=True) if place == "%s"]
    return _compose_insert(type(row), tuple(places)), given


@lru_cache(maxsize=1024)
def _compose_insert(model: type[Model], places: tuple[str, ...]) -> str:
    connection = database.connection()
    quoted, fields = connection.ops.quote_name, _inserted_fields(model, connection.vendor)
    columns = ", ".join(quoted(str(field.column)) for field, _ in fields)
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({', '.join(places)})"  # noqa: S608 - ours


@cache
def _inserted_fields(model: type[Model], vendor: str) -> "list[tuple[Field[object, object], bool]]":
    """Return the fields of a new row, and which send their value as it is. What the database alone knows is left to it;
    a default of ours may have been given another value."""
    fields = [field for field in model._meta.concrete_fields if not field.db_returning or field.has_default()]
    return [(field, _sends_as_it_is(field, vendor)) for field in fields]


def _sends_as_it_is(field: Any, vendor: str) -> bool:
    """Return whether a value of the field's own type is also the database's."""
    if field.is_relation:
        return _sends_as_it_is(field.target_field, vendor)
    if isinstance(field, DateTimeField) and (field.auto_now or field.auto_now_add):
        return False
    of_postgresql = (UUIDField, DateTimeField, BinaryField) if vendor == "postgresql" else ()
    return type(field) in (BooleanField, CharField, EmailField, TextField, *of_postgresql)
