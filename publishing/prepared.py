"""Queries whose SQL is made once, to be asked with other values each time.

To turn a query into SQL takes Django up to a millisecond, and every publishing asks the same two dozen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")
# No row has one of these.
_NUMBERS = 1_987_654_321


@dataclass(frozen=True, slots=True)
class _Made:
    """A query set whose `compiler` has made its SQL, and the names of what stands in it, by place."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]
    names: Mapping[int, str]


class Prepared(Generic[Row]):
    """`make(**values)` gives the query set. It is called once for values of the same names, with such
    that stand for all to come, so it must not decide anything by what they are.

    They are texts, numbers, instants, and lists of texts for `any_of`.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Row]]) -> None:
        self._make = make
        self._made: dict[tuple[str, ...], _Made] = {}

    def __call__(self, **values: Any) -> list[Row]:
        names = tuple(values)
        if (made := self._made.get(names)) is None:
            made = self._made[names] = _made(self._make, values)
        parameters = tuple(
            values[made.names[place]] if place in made.names else one
            for place, one in enumerate(made.parameters)
        )
        # Those of other threads have connections of their own.
        compiler = copy(made.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda *_: (made.sql, parameters)  # type: ignore[method-assign]
        asked = made.queryset.all()
        asked.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return list(asked)


def _made(make: Callable[..., QuerySet[Any, Any]], values: Mapping[str, Any]) -> _Made:
    standing = {name: _stand_in(place, value) for place, (name, value) in enumerate(values.items())}
    queryset = make(**standing)
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, parameters = compiler.as_sql()
    names = {
        place: name
        for place, one in enumerate(parameters)
        for name, value in standing.items()
        if one == value
    }
    if missing := standing.keys() - set(names.values()):
        message = f"The query does not ask by {', '.join(sorted(missing))}."
        raise TypeError(message)
    return _Made(queryset, compiler, sql, tuple(parameters), names)


def _stand_in(place: int, value: object) -> Any:
    if isinstance(value, str):
        return f"\N{NULL}{place}"
    if isinstance(value, int):
        return _NUMBERS + place
    if isinstance(value, datetime):
        return datetime.min.replace(tzinfo=UTC) + timedelta(microseconds=place + 1)
    if isinstance(value, list):
        return [f"\N{NULL}{place}"]
    message = f"Nothing stands for {value!r}."
    raise TypeError(message)
