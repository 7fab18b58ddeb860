"""A question that is asked often: compiled once, and put to the driver itself.

A transaction costs an SQLite statement eight more turns of the driver's thread, and Postgres two
more round trips; one statement that only reads has no use for them, nor for an object a row.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Select
from sqlalchemy.types import TypeEngine

Columns = list[Sequence[Any]]
"""What a query selects, column by column; each as long as there are rows."""
_Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    sql: str
    parameters: Sequence[tuple[str, _Convert | None]]
    """Names and conversions in the driver's order."""
    constants: dict[str, Any]
    results: Sequence[_Convert | None]


class Query:
    """`parameters` names the statement's bind parameters in the order `read` takes them in."""

    def __init__(self, statement: Select[*tuple[Any, ...]], *parameters: str) -> None:
        self._statement = statement
        self._parameters = parameters
        self._compiled: dict[str, _Compiled] = {}

    async def read(self, driver: Any, dialect: Dialect, values: Sequence[Any]) -> Columns:
        """By a driver's connection that has begun no transaction."""
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        given = compiled.constants | dict(zip(self._parameters, values, strict=True))
        bound = [
            convert(given[name]) if convert else given[name]
            for name, convert in compiled.parameters
        ]
        if dialect.name == "sqlite":
            rows = await driver.execute_fetchall(compiled.sql, bound)
        else:
            rows = await driver.fetch(compiled.sql, *bound)
        columns = zip(*rows, strict=True) if rows else [()] * len(compiled.results)
        return [
            [convert(value) for value in column] if convert else column
            for column, convert in zip(columns, compiled.results, strict=True)
        ]

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = self._statement.compile(dialect=dialect)
        order = made.positiontup
        columns = self._statement.selected_columns
        assert order is not None, "the drivers' parameters have places, not names"
        types = {name: bind.type.dialect_impl(dialect) for name, bind in made.binds.items()}
        compiled = _Compiled(
            sql=str(made),
            parameters=[(name, types[name].bind_processor(dialect)) for name in order],
            constants={name: made.params[name] for name in order},
            results=[_result_of(column.type, dialect) for column in columns],
        )
        self._compiled[dialect.name] = compiled
        return compiled


def _result_of(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """SQLite has four types; the driver of Postgres gives Python's own."""
    if dialect.name != "sqlite":
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)
