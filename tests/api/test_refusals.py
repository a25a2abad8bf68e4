"""What is refused is said by the client's own names: each member of each body, filled with what it is not."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.errors import ApiError
from api.operations import READS, Operation, taken
from api.schema.document import document
from pages.models import StatusPage
from tenants.models import Tenant, User
from tests.api.cases import TABLE, World, build
from tests.api.conftest import Machine, machine
from tests.api.undoing import undone

# Most is refused before anything is asked of the database. Of what is not, one is sent.
VALUES: tuple[Any, ...] = ({"a": {"b": [1]}}, [[]], True, -7, 10**30, "x" * 120_000)
SENT: tuple[Any, ...] = (["none00000000"], "no such\N{RIGHT-TO-LEFT OVERRIDE}thing")
# What is about two members at once names neither.
OF_TWO = {
    "The axis ends below its beginning.",
    "Somebody is known by an e-mail address, a login, or both.",
}
# Names in a text, and what stands before its colon.
_NAMED = re.compile(r"(?:^|(?<=; ))([\w.-]+): |\b([a-z0-9]+(?:_[a-z0-9]+)+)\b")

Place = tuple[str, ...]


@pytest.fixture
def world(page: StatusPage, acme: Tenant) -> World:
    return build(page, acme.pk)


def schema_of(found: Any) -> Any:
    """With references filled in."""
    if "$ref" in found:
        found = document()["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    several = found.get("allOf") or found.get("oneOf")
    return schema_of(several[0]) if several else found


def members(found: Any, place: Place = ()) -> Iterator[Place]:
    """Where a body has something, by the document."""
    for name, one in schema_of(found).get("properties", {}).items():
        yield (*place, name)
        yield from members(one, (*place, name))


def body_of(operation: Operation) -> Any:
    said = document()["paths"][f"/{operation.path}"][operation.method.lower()]
    return said["requestBody"]["content"]["application/json"]["schema"]


def filled(body: Any, place: Place, value: Any) -> Any:
    found = copy.deepcopy(body) or {}
    inside = found
    for name in place[:-1]:
        inside = inside.setdefault(name, {})
    inside[place[-1]] = value
    return found


def foreign(text: str, known: set[str]) -> list[str]:
    """Names in a text that are none of the client's."""
    names = [front or inside for front, inside in _NAMED.findall(text)]
    return [one for one in names if not set(one.split(".")) & known]


def texts_about(key: Machine, world: World, operation: Operation, place: Place) -> Iterator[str]:
    """What is said of a member that is filled with what it is not."""
    passed = []
    for value in (*VALUES, *SENT):
        body = filled(world.body(operation), place, value)
        try:
            taken(operation, body)
        except ApiError as error:
            yield error.message
        else:
            passed += [body] if value in SENT else []
    if passed:
        with undone():
            answer = key.ask(operation.method, world.path(operation), passed[-1])
        assert answer.status < 500, (operation.name, place)
        if answer.status >= 400:
            yield answer.json["error"]


def test_what_is_refused_is_named_as_the_client_names_it(world: World, acme: Tenant, owner: User) -> None:
    """Of the operations that take the same, the first."""
    key, wrong = machine(owner, acme, per_minute=100_000), []
    writes = [one for one in TABLE.values() if one.takes and one.method not in READS | {"DELETE"}]
    for operation in {one.takes: one for one in reversed(writes)}.values():
        places = list(members(body_of(operation)))
        known = {name for place in places for name in place}
        envelopes = {place[:-1] for place in places}
        for place in places:
            texts = list(texts_about(key, world, operation, place))
            named = place[-1].removesuffix("_ids")
            wrong += [
                f"{operation.name}, {'.'.join(place)}: {text[:200]}"
                for text in texts
                if foreign(text, known) or (named not in text and not {text, place} & (OF_TWO | envelopes))
            ]
            if not texts:
                wrong.append(f"{operation.name}, {'.'.join(place)}: takes everything")
    assert "\n".join(wrong) == ""
