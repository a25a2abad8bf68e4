"""Lists are bounded: a hundred at a time.

Clients of the original count pages. Ours may follow the answer's `Link: <…>; rel="next"`, whose cursor goes
on after the last row seen, whatever has been added or taken away before it.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Q, QuerySet
from django.utils import timezone

from api.bodies import UNSTORABLE
from api.errors import ApiError
from api.operations import Call, Parameter

MOST = 100
# No list is that long; the database counts no further.
_LAST = 1_000_000

PAGED = (
    Parameter("page", "The page of the list, from 1.", int),
    Parameter("per_page", "How many at once: 100 at most.", int),
    Parameter("limit", "The same as per_page.", int),
    Parameter("cursor", "Where to go on: as in the header Link of the part before."),
)


def part(call: Call, rows: QuerySet[Any]) -> list[Any]:
    """Those rows, of a query in a total order, that are asked for."""
    size, fields = _size(call), _ordering(rows)
    if cursor := call.query.get("cursor"):
        rows, first = rows.filter(_after(rows, fields, _decoded(cursor))), 0
    else:
        first = _page(call) * size
    found = list(rows[first : first + size + 1])
    if len(found) > size:
        _offer(call, [_plain(getattr(found[size - 1], name.removeprefix("-"))) for name in fields])
    return found[:size]


def part_of_ids(call: Call, ids: Sequence[str]) -> list[str]:
    """The same of ids that are in their order already."""
    size = _size(call)
    first = _place(ids, _decoded(cursor)) if (cursor := call.query.get("cursor")) else _page(call) * size
    end = first + size
    if end < len(ids):
        _offer(call, [end, ids[end - 1]])
    return list(ids[first:end])


def _place(ids: Sequence[str], cursor: list[Any]) -> int:
    """After the one that was last, or where it was."""
    if [type(one) for one in cursor] != [int, str]:
        raise ApiError(400, "There is no such cursor.")
    return ids.index(cursor[1]) + 1 if cursor[1] in ids else max(cursor[0], 0)


def _size(call: Call) -> int:
    return min(_number(call, "per_page") or _number(call, "limit") or MOST, MOST)


def _page(call: Call) -> int:
    """From 0. The first page is 1, and 0 as well: clients of the original do not agree."""
    return min(max((_number(call, "page") or 1) - 1, 0), _LAST)


def _number(call: Call, name: str) -> int:
    """0 for what is no number."""
    said = call.query.get(name, "")
    return int(said[:9]) if said.isascii() and said.isdecimal() else 0


def _ordering(rows: QuerySet[Any]) -> list[str]:
    names = [str(name) for name in rows.query.order_by or rows.model._meta.ordering]
    return names if names[-1].removeprefix("-") in {"pk", "id"} else [*names, "pk"]


def _after(rows: QuerySet[Any], fields: list[str], values: list[Any]) -> Q:
    """Behind the row with these values in that order."""
    if len(values) != len(fields):
        raise ApiError(400, "There is no such cursor.")
    behind, same = Q(pk__in=[]), Q()
    for name, value in zip(fields, values, strict=True):
        field = name.removeprefix("-")
        typed = _typed(rows, field, value)
        behind |= same & Q(**{f"{field}__{'lt' if name != field else 'gt'}": typed})
        same &= Q(**{field: typed})
    return behind


def _typed(rows: QuerySet[Any], field: str, value: Any) -> Any:
    try:
        found = _column(rows, field).to_python(value)
    except (TypeError, ValidationError) as error:
        raise ApiError(400, "There is no such cursor.") from error
    if isinstance(found, datetime) and timezone.is_naive(found):
        raise ApiError(400, "There is no such cursor.")
    return found


def _column(rows: QuerySet[Any], field: str) -> Field[Any, Any]:
    """Of the table, or what the query itself computes."""
    computed = rows.query.annotations.get(field)
    found: Field[Any, Any] = (
        computed.output_field
        if computed is not None
        else rows.model._meta.get_field(rows.model._meta.pk.name if field == "pk" else field)
    )
    return found


def _offer(call: Call, values: list[Any]) -> None:
    query = call.query.copy()
    query.pop("page", None)
    query.pop("api_key", None)
    query["cursor"] = urlsafe_b64encode(json.dumps(values).encode()).decode()
    call.headers["Link"] = f'<{call.request.path}?{query.urlencode()}>; rel="next"'


def _decoded(cursor: str) -> list[Any]:
    try:
        found = json.loads(urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise ApiError(400, "There is no such cursor.") from error
    plain = isinstance(found, list) and all(isinstance(one, str | int) for one in found)
    if not plain or any(UNSTORABLE.search(one) for one in found if isinstance(one, str)):
        raise ApiError(400, "There is no such cursor.")
    values: list[Any] = found
    return values


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int) else value.isoformat()
