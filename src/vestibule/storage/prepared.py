"""Queries that are compiled once and run many times. Django composes the SQL for each call, which costs more than
running it (docs/decisions/0018)."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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

    def first(self, *values: object) -> M | None:
        """Return one of the rows, or None. No value may be None, because nothing equals NULL."""
        compiled, found = self._fetch_rows(values)
        return self._build_models(compiled, found[:1])[0] if found else None

    def all(self, *values: object) -> list[M]:
        """Return all of the rows, in no particular order."""
        return self._build_models(*self._fetch_rows(values))

    def _fetch_rows(self, values: tuple[object, ...]) -> tuple[_CompiledQuery, list[tuple[Any, ...]]]:
        if None in values:
            raise ValueError("nothing equals NULL")
        connection = database.connection()
        compiled = self._compiled.get(connection.alias) or self._compile_query(values, connection.alias)
        pairs = zip(compiled.lookup_fields, values, strict=True)
        given = [field.get_db_prep_value(value, connection) for field, value in pairs]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, [*compiled.own_params, *given])
            return compiled, cursor.fetchall()

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
