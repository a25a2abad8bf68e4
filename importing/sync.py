"""Bringing rows into the state of a source in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
BATCH = 1000


@dataclass(slots=True)
class Brought(Generic[Row]):
    """What became of the rows of one kind."""

    added: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    same: int = 0

    @property
    def touched(self) -> list[Row]:
        return self.added + self.changed


def bring(
    wanted: Iterable[Row],
    present: QuerySet[Row],
    *,
    columns: Sequence[str],
    along: Sequence[str] = (),
    key: Callable[[Row], Any] = lambda row: row.pk,
) -> Brought[Row]:
    """Insert the wanted rows that are not `present`, and update those that differ in `columns`.

    `along` are columns that are written with a change and make none. Rows that were deleted here stay so.
    """
    known = {key(row): row for row in present}
    brought: Brought[Row] = Brought()
    for row in wanted:
        found = known.get(key(row))
        if found is None:
            brought.added.append(row)
        elif getattr(found, "deleted_at", None) is None and _differs(row, found, columns):
            brought.changed.append(_take_over(found, row, (*columns, *along)))
        else:
            brought.same += 1
    rows: QuerySet[Row] = QuerySet(present.model)
    rows.bulk_create(brought.added, batch_size=BATCH)
    if brought.changed:
        rows.bulk_update(brought.changed, [*columns, *along], batch_size=BATCH)
    return brought


def _differs(row: Row, found: Row, columns: Sequence[str]) -> bool:
    return any(getattr(row, column) != getattr(found, column) for column in columns)


def _take_over(found: Row, row: Row, columns: Sequence[str]) -> Row:
    for column in columns:
        setattr(found, column, getattr(row, column))
    return found
