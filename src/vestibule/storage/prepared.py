"""Queries that are compiled once and run many times. Django composes the SQL for each call, which costs more than
running it (docs/decisions/0018)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, Q, QuerySet
from django.db.models.query import get_related_populators

from vestibule.storage import database

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _CompiledQuery:
    """The SQL that Django made, with its own parameters, the fields of the given ones, and what turns a row into a
    model: its fields, where its annotations stand, and the rows that are selected along."""

    alias: str
    sql: str
    own_params: tuple[Any, ...]
    lookup_fields: list[Any]
    compiler: Any
    converters: Any
    field_names: list[str]
    annotations: dict[str, int]
    populators: list[Any]


class PreparedQuery(Generic[M]):
    """Selects those of `rows` whose `lookups` (`key`, `created_at__gt`) have the given values; for the few queries of
    every request. `rows` may be filtered and annotated, select related rows and lock them."""

    def __init__(self, rows: QuerySet[M], *lookups: str) -> None:
        self._rows, self._lookups = rows, lookups
        self._compiled: dict[str, _CompiledQuery] = {}  # by the database's alias
        self._with_write: dict[tuple[str, str], str] = {}  # by that and what is written

    def first(self, *values: object) -> M | None:
        """Return one of the rows, or None. No value may be None, because nothing equals NULL."""
        compiled, found = self._fetch_rows(values)
        return self._build_models(compiled, found[:1])[0] if found else None

    def all(self, *values: object) -> list[M]:
        """Return all of the rows, in no particular order."""
        return self._build_models(*self._fetch_rows(values))

    def first_if_written(self, write: str, params: Sequence[Any], *values: object) -> M | None:
        """Return one of the rows if something was written for it, by one statement, which is a transaction of its own
        where there is none; for PostgreSQL alone, whose WITH may hold statements that write (PostgreSQL, 7.8.4).

        `write` is SQL of ours with its `params`: the statements of a WITH, of which one is called `written` and returns
        a row if it wrote. They read the rows from `found`, whose columns are called `"table.column"`.
        """
        connection = database.connection()
        if connection.alias not in self._compiled:
            with database.atomic(savepoint=False):  # where alone Django composes FOR UPDATE
                self._compile_query(values, connection.alias)
        compiled, given = self._bind_values(values, connection)
        sql = self._with_write.get((connection.alias, write))
        if sql is None:
            columns = [f"{column.alias}.{column.target.column}" for column, *_ in compiled.compiler.select]
            names = ", ".join(map(connection.ops.quote_name, columns))
            sql = f"WITH found ({names}) AS ({compiled.sql}), {write} SELECT found.* FROM found, written"  # noqa: S608
            self._with_write[connection.alias, write] = sql
        with connection.cursor() as cursor:
            cursor.execute(sql, [*given, *params])
            rows = cursor.fetchmany(1)
        return self._build_models(compiled, rows)[0] if rows else None

    def _fetch_rows(self, values: tuple[object, ...]) -> tuple[_CompiledQuery, list[tuple[Any, ...]]]:
        connection = database.connection()
        compiled, given = self._bind_values(values, connection)
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, given)
            return compiled, cursor.fetchall()

    def _bind_values(
        self, values: tuple[object, ...], connection: BaseDatabaseWrapper
    ) -> tuple[_CompiledQuery, list[Any]]:
        if None in values:
            raise ValueError("nothing equals NULL")
        compiled = self._compiled.get(connection.alias) or self._compile_query(values, connection.alias)
        pairs = zip(compiled.lookup_fields, values, strict=True)
        return compiled, [*compiled.own_params, *(field.get_db_prep_value(value, connection) for field, value in pairs)]

    def _compile_query(self, values: tuple[object, ...], alias: str) -> _CompiledQuery:
        pairs = zip(self._lookups, values, strict=True)
        asked = (Q(**{lookup: value}) for lookup, value in pairs)  # one Q each, because Q sorts its arguments
        query = self._rows.filter(*asked).order_by().query
        compiler = query.get_compiler(alias)
        sql, params = compiler.as_sql()
        own = compiler.klass_info["select_fields"]
        self._compiled[alias] = compiled = _CompiledQuery(
            alias=alias,
            sql=sql,
            own_params=tuple(params[: len(params) - len(values)]),
            lookup_fields=[self._rows.model._meta.get_field(lookup.partition("__")[0]) for lookup in self._lookups],
            compiler=compiler,
            converters=compiler.get_converters([column for column, *_ in compiler.select]),
            field_names=[compiler.select[at][0].target.attname for at in own],
            annotations=compiler.annotation_col_map,
            populators=get_related_populators(  # type: ignore[call-arg]  # the stubs are of Django 6.1
                compiler.klass_info, compiler.select, alias
            ),
        )
        return compiled

    def _build_models(self, compiled: _CompiledQuery, rows: list[tuple[Any, ...]]) -> list[M]:
        made = []
        for row in compiled.compiler.apply_converters(map(list, rows), compiled.converters):
            model = self._rows.model.from_db(compiled.alias, compiled.field_names, row[: len(compiled.field_names)])
            for populator in compiled.populators:
                populator.populate(row, model)
            for name, at in compiled.annotations.items():
                setattr(model, name, row[at])
            made.append(model)
        return made
