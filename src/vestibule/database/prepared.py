"""A query that is compiled once and asked many times: Django would write its SQL anew each time, which costs more than
to run it (docs/decisions/0016)."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What Django made of the query: the SQL, and how a row becomes a model."""

    sql: str
    compiler: Any
    converters: Any
    names: list[str]
    populators: list[Any]


class Prepared(Generic[M]):
    """The row of `rows` whose `fields` have the values that are asked for, for the few queries that every request
    asks. `rows` selects whole models, with what it selects along and locks, and filters nothing itself."""

    def __init__(self, rows: QuerySet[M], *fields: str) -> None:
        self._rows, self._fields = rows, fields
        self._compiled: _Compiled | None = None

    def first(self, *values: object) -> M | None:
        """A row with these values (none of them None), or None."""
        compiled = self._compiled = self._compiled or self._compile(values)
        connection, meta = connections[DEFAULT_DB_ALIAS], self._rows.model._meta
        given = [
            meta.get_field(name).get_db_prep_value(value, connection)
            for name, value in zip(self._fields, values, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, given)
            found = cursor.fetchone()
        return self._made(compiled, found) if found else None

    def _compile(self, values: tuple[object, ...]) -> _Compiled:
        query = self._rows.filter(**dict(zip(self._fields, values, strict=True))).order_by().query
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        if len(params) != len(values) or compiler.klass_info is None:
            raise ValueError(f"this query has parameters of its own: {sql}")
        own = compiler.klass_info["select_fields"]
        return _Compiled(
            sql=sql,
            compiler=compiler,
            converters=compiler.get_converters([column for column, *_ in compiler.select]),
            names=[compiler.select[at][0].target.attname for at in own],
            populators=get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS),
        )

    def _made(self, compiled: _Compiled, found: tuple[Any, ...]) -> M:
        [row] = compiled.compiler.apply_converters([list(found)], compiled.converters)
        made = self._rows.model.from_db(DEFAULT_DB_ALIAS, compiled.names, row[: len(compiled.names)])
        for populator in compiled.populators:
            populator.populate(row, made)
        return made
