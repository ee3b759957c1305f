"""A query that is compiled once and asked many times: Django would write its SQL anew each time, which costs more than
to run it (docs/decisions/0018)."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, Q, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What Django made of the query: the SQL with the parameters of its own, the fields that take those that are given,
    and how a row becomes a model."""

    sql: str
    own: tuple[Any, ...]
    fields: list[Any]
    compiler: Any
    converters: Any
    names: list[str]
    populators: list[Any]


class Prepared(Generic[M]):
    """Those of `rows` whose `lookups` (`key`, `created_at__gt`) are the values that are asked for; for the few queries
    that every request asks. `rows` may be filtered, select related rows along and lock them."""

    def __init__(self, rows: QuerySet[M], *lookups: str) -> None:
        self._rows, self._lookups = rows, lookups
        self._compiled: _Compiled | None = None

    def first(self, *values: object) -> M | None:
        """One of them, or None. No value may be None: nothing equals NULL."""
        compiled, found = self._asked(values)
        return self._made(compiled, found[:1])[0] if found else None

    def all(self, *values: object) -> list[M]:
        """All of them, in no order."""
        return self._made(*self._asked(values))

    def _asked(self, values: tuple[object, ...]) -> tuple[_Compiled, list[tuple[Any, ...]]]:
        if None in values:
            raise ValueError("nothing equals NULL")
        compiled = self._compiled = self._compiled or self._compile(values)
        connection = connections[DEFAULT_DB_ALIAS]
        pairs = zip(compiled.fields, values, strict=True)
        given = [field.get_db_prep_value(value, connection) for field, value in pairs]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, [*compiled.own, *given])
            return compiled, cursor.fetchall()

    def _compile(self, values: tuple[object, ...]) -> _Compiled:
        pairs = zip(self._lookups, values, strict=True)
        asked = (Q(**{lookup: value}) for lookup, value in pairs)  # apart: Q sorts what it is given
        query = self._rows.filter(*asked).order_by().query
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        own = compiler.klass_info["select_fields"]
        return _Compiled(
            sql=sql,
            own=tuple(params[: len(params) - len(values)]),
            fields=[self._rows.model._meta.get_field(lookup.partition("__")[0]) for lookup in self._lookups],
            compiler=compiler,
            converters=compiler.get_converters([column for column, *_ in compiler.select]),
            names=[compiler.select[at][0].target.attname for at in own],
            populators=get_related_populators(  # type: ignore[call-arg]  # the stubs are of Django 6.1
                compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS
            ),
        )

    def _made(self, compiled: _Compiled, found: list[tuple[Any, ...]]) -> list[M]:
        made = []
        for row in compiled.compiler.apply_converters(map(list, found), compiled.converters):
            model = self._rows.model.from_db(DEFAULT_DB_ALIAS, compiled.names, row[: len(compiled.names)])
            for populator in compiled.populators:
                populator.populate(row, model)
            made.append(model)
        return made
