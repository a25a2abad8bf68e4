"""Bodies, however they are spelled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import nested
from api.errors import ApiError
from tests.api.conftest import Machine

FORM = "application/x-www-form-urlencoded"
JSON = b' \n{"component": {"name": "Mail"}}'
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="component[name]"\r\n\r\nMail\r\n--x--\r\n'


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", JSON),
        (FORM, JSON),
        ("text/plain", JSON),
        ("application/json; charset=utf-16", JSON),
        ("nonsense", JSON),
        (FORM, b"component[name]=Mail"),
        ("", b"component%5Bname%5D=Mail&component%5Bunknown%5D=1&other=2"),
        ("multipart/form-data; boundary=x", MULTIPART),
    ],
)
def test_a_body_is_read_whatever_its_header_says(
    api: Machine, component: object, method: str, content_type: str, body: bytes
) -> None:
    path = "/components" if method == "POST" else f"/components/{component.pk}"  # type: ignore[attr-defined]
    answer = api.send(method, path, body, content_type, Accept="'Content-Type': 'application/json'")
    assert (answer.status, answer.json["name"]) == (201 if method == "POST" else 200, "Mail")


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a[b]=1&a[c][d]=2", {"a": {"b": "1", "c": {"d": "2"}}}),
        ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        ("a[b]=1&a[b]=2&a[b]=3", {"a": {"b": ["1", "2", "3"]}}),
        ("d[x][][t]=1&d[x][][v]=2&d[x][][t]=3", {"d": {"x": [{"t": "1", "v": "2"}, {"t": "3"}]}}),
        ("a[=1&]b=2&[c]=3", {"a[": "1", "]b": "2", "[c]": "3"}),
    ],
)
def test_forms_are_nested_as_rails_does_it(form: str, found: object) -> None:
    assert nested([tuple(pair.split("=")) for pair in form.split("&")]) == found  # type: ignore[misc]


@pytest.mark.parametrize("form", ["a=1&a[b]=2", "a[b]=1&a=2", "a[]=1&a[b]=2", "a[b]=1&a[]=2", "a[][b]=1&a=2"])
def test_a_form_that_contradicts_itself_is_refused(form: str) -> None:
    with pytest.raises(ApiError):
        nested([tuple(pair.split("=")) for pair in form.split("&")])  # type: ignore[misc]


@given(st.lists(st.tuples(st.text("ab[]", max_size=9), st.text(max_size=2)), max_size=6))
def test_any_form_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    with suppress(ApiError):
        json.dumps(nested(pairs))


def hostile() -> Iterator[tuple[str, bytes, str]]:
    deep = b'{"component":' * 5_000 + b"1" + b"}" * 5_000
    yield "cut off", b'{"component": {', ""
    yield "deep", deep, ""
    yield "deeper than Python", b'{"component":' + b"[" * 200_000, ""
    yield "rather deep", b'{"component":' + b"[" * 30 + b"]" * 30 + b"}", ""
    yield "large", b'{"component": {"name": "' + b"x" * 10_000_000 + b'"}}', ""
    yield "no UTF-8", b'{"component": {"name": "\xff\xfe"}}', ""
    yield "UTF-16", '{"component": {"name": "x"}}'.encode("utf-16"), ""
    yield "twice the same member", b'{"component": {"name": "a"}, "component": {"name": "b"}}', ""
    yield "half of a pair", b'{"component": {"name": "\\ud800"}}', ""
    yield "zero byte", b'{"component": {"name": "a\\u0000"}}', ""
    yield "no number", b'{"component": {"position": NaN}}', ""
    yield "too large a number", b'{"component": {"name": 1e999}}', ""
    yield "endless number", b'{"component": {"name": ' + b"9" * 5_000 + b"}}", ""
    yield "list", b"[1]", ""
    yield "text", b'"component"', ""
    yield "null", b"null", ""
    yield "JSON and form", b'{"component": {"name": "a"}}&component[name]=b', FORM
    yield "form and JSON", b'component[name]=b&{"component": {"name": "a"}}&component=1', FORM
    yield "many fields", b"&".join(b"component[a%d]=1" % number for number in range(5_000)), FORM
    yield "deep form", b"component" + b"[a]" * 500 + b"=1", FORM
    yield "form that is no UTF-8", b"component[name]=\xff%ff", FORM
    yield "form with a zero byte", b"component[name]=a%00b", FORM
    yield "multipart without an end", b"--x\r\nContent-Disposition: form-data; name=", "multipart/form-data"
    for value in (b"1", b"[]", b"true", b'"x"', b'{"name": {}}', b'{"name": []}', b'{"name": true}'):
        yield f"component is {value!r}", b'{"component": ' + value + b"}", ""
    for field in (b"showcase", b"start_date", b"status", b"group_id", b"description"):
        for value in (b"{}", b"[1]", b"1e400"):
            yield f"{field!r} is {value!r}", b'{"component": {"name": "x", "%s": %s}}' % (field, value), ""


def test_hostile_bodies_are_refused_in_one_shape(api: Machine) -> None:
    for name, body, content_type in hostile():
        answer = api.send("POST", "/components", body, content_type)
        assert 400 <= answer.status < 500, (name, answer)
        assert set(answer.json) == {"error", "message"}, name
        assert isinstance(answer.json["error"], str), name
        assert api.get("/components").json == [], name


def test_what_is_wrong_a_thousand_times_is_said_in_a_line(api: Machine) -> None:
    unknown = {f"none{number}": "major_outage" for number in range(1_000)}
    refused = api.patch("/components", {"components": unknown})
    assert (refused.status, len(refused.json["error"]) < 300) == (422, True)


def test_an_address_with_a_line_end_is_one_that_is_not_there(api: Machine) -> None:
    """The answer is JSON, as all are."""
    assert api.get("/components/%0a").status == 404
