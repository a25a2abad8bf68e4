"""What a request carries, however it is spelled: JSON by any name, or a form nested as Rails does it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from api.errors import ApiError

Given = dict[str, Any]

_DEEPEST = 12
_MOST_FIELDS = 2_000
_NAME = re.compile(r"(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
# The database takes no zero byte, and UTF-8 has no halves of surrogate pairs.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def body_of(request: HttpRequest) -> Given:
    """The body's members; none where there is no body. Raises ApiError 400 or 413 for what cannot be read."""
    raw = raw_body(request)
    text = raw.lstrip()
    if not text:
        return {}
    if text[:1] in b"{[":
        given = _from_json(text)
    else:
        given = nested(_pairs(request, raw))
    _check(given, _DEEPEST)
    return given


def is_form(request: HttpRequest) -> bool:
    """Whether the body, which has been read, is a form: there all values are text."""
    return request.body.lstrip()[:1] not in {b"{", b"["}


def raw_body(request: HttpRequest) -> bytes:
    """The body as it was sent. Raises ApiError 413 where it is too large, 400 where it broke off."""
    try:
        return request.body
    except RequestDataTooBig as error:
        raise ApiError(413, "The body is too large.") from error
    except UnreadablePostError as error:
        raise ApiError(400, "The body ended early.") from error


def _from_json(raw: bytes) -> Given:
    try:
        found = json.loads(
            raw.decode(), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"The body is not JSON: {_reason(error)}") from error
    if not isinstance(found, dict):
        raise ApiError(400, "The body is a JSON object.")
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply."
    return "it is not UTF-8." if isinstance(error, UnicodeDecodeError) else f"{error}."


def _once(pairs: list[tuple[str, Any]]) -> Given:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a member is there twice"
        raise ValueError(message)
    return found


def _no_number(said: str) -> None:
    message = f"{said} is not a number"
    raise ValueError(message)


def _finite(said: str) -> float:
    number = float(said)
    if number in {float("inf"), float("-inf")}:
        _no_number(said[:20])
    return number


def _pairs(request: HttpRequest, raw: bytes) -> list[tuple[str, str]]:
    """The names and values of a form, in order; files are left out."""
    try:
        if request.content_type == "multipart/form-data":
            meta = {**request.META, "CONTENT_LENGTH": len(raw)}
            fields, _files = MultiPartParser(meta, BytesIO(raw), request.upload_handlers).parse()
            return [(name, str(value)) for name, values in fields.lists() for value in values]
        text = raw.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except (ValueError, MultiPartParserError, SuspiciousOperation, BadRequest) as error:
        raise ApiError(400, "The body is neither JSON nor a form.") from error


def nested(pairs: Iterable[tuple[str, str]]) -> Given:
    """`a[b][]=x` and its like as objects and lists; a name that is repeated as it is makes a list too."""
    found: Given = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        path = [match["first"], *_PART.findall(match["rest"])] if match else [name]
        if len(path) > _DEEPEST:
            raise ApiError(400, "The form is nested too deeply.")
        _put(found, path, value)
    return found


def _put(into: Given, path: list[str], value: str) -> None:
    """One value at its place. Raises ApiError where the form has put something of another kind there."""
    name, rest = path[0], path[1:]
    if not rest:
        _add(into, name, value)
    elif rest[0] == "":
        _append(_place(into, name, list), rest[1:], value)
    else:
        _put(_place(into, name, dict), rest, value)


def _add(into: Given, name: str, value: str) -> None:
    former = into.get(name)
    if former is None:
        into[name] = value
    elif isinstance(former, str):
        into[name] = [former, value]
    elif isinstance(former, list) and all(isinstance(one, str) for one in former):
        former.append(value)
    else:
        raise ApiError(400, "The form says two things of one name.")


def _append(into: list[Any], rest: list[str], value: str) -> None:
    """`a[]=x` is one more; `a[][b]=x` goes into the last, unless that has a `b`."""
    if not rest:
        into.append(value)
        return
    last = into[-1] if into else None
    if not isinstance(last, dict) or (len(rest) == 1 and rest[0] in last):
        last = {}
        into.append(last)
    _put(last, rest, value)


def _place(into: Given, name: str, kind: type) -> Any:
    found = into.setdefault(name, kind())
    if not isinstance(found, kind):
        raise ApiError(400, "The form says two things of one name.")
    return found


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ApiError(400, "The body is nested too deeply.")
    if isinstance(value, str):
        if UNSTORABLE.search(value):
            raise ApiError(400, "The body has characters that are none.")
    elif isinstance(value, Mapping):
        for name, one in value.items():
            _check(name, depth)
            _check(one, depth - 1)
    elif isinstance(value, list):
        for one in value:
            _check(one, depth - 1)
