"""Lists are bounded: a hundred at a time."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from api.operations import Call, Parameter

MOST = 100
# No list is that long; the database counts no further.
_LAST = 1_000_000

PAGED = (
    Parameter("page", "The page of the list, from 1.", int),
    Parameter("per_page", "How many at once: 100 at most.", int),
    Parameter("limit", "The same as per_page.", int),
)


def bounds(call: Call) -> tuple[int, int]:
    """Where the part of the list that is asked for begins and ends. Numbers that are none count as not said.

    The first page is 1, and 0 as well: clients of the original do not agree.
    """
    size = min(_number(call, "per_page") or _number(call, "limit") or MOST, MOST)
    first = min(max((_number(call, "page") or 1) - 1, 0), _LAST) * size
    return first, first + size


def part(call: Call, rows: QuerySet[Any]) -> list[Any]:
    """Those rows, of a query in a total order, that are asked for."""
    first, end = bounds(call)
    return list(rows[first:end])


def _number(call: Call, name: str) -> int:
    said = call.query.get(name, "")
    return int(said[:9]) if said.isascii() and said.isdecimal() else 0
