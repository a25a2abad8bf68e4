"""Comparing a column with many values at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Lookup
from django.db.models.sql.compiler import SQLCompiler


class _AnyOf(Lookup):
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*parameters, self.rhs)


def any_of(column: str, ids: Iterable[str]) -> Lookup:
    """A condition like `<column>__in=ids`, with one parameter instead of one an id.

    A page may have a thousand components, and one publishing asks a dozen times for what concerns them.
    """
    return _AnyOf(F(column), list(ids))
