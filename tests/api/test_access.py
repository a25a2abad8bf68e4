"""Page access users and groups by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.actions import create_component, delete_component
from components.models import Component
from pages.models import StatusPage
from tests.api.conftest import Machine
from tests.conftest import ACTOR
from viewers.models import PageAccessUser


def user(api: Machine, email: str = "ada@example.org", **more: Any) -> str:
    answer = api.post("/page_access_users", {"page_access_user": {"email": email, **more}})
    assert answer.status == 200, answer.json
    return f"/page_access_users/{answer.json['id']}"


def group(api: Machine, **more: Any) -> str:
    answer = api.post("/page_access_groups", {"page_access_group": {"name": "Partners", **more}})
    assert answer.status == 201, answer.json
    return f"/page_access_groups/{answer.json['id']}"


def pk(path: str) -> str:
    return path.rpartition("/")[2]


@pytest.fixture
def parts(page: StatusPage) -> list[str]:
    return [create_component(page, ACTOR, name=f"Part {number}").pk for number in range(3)]


def test_somebody_is_added_found_changed_and_removed(api: Machine) -> None:
    partners = group(api)
    ada = user(api, "Ada@Example.org", page_access_group_ids=[pk(partners)], subscribe_to_components=True)
    user(api, "bob@example.org", external_login="bob")

    shown = api.get(ada).json
    assert (shown["email"], shown["external_login"]) == ("ada@example.org", None)
    assert (shown["page_access_group_id"], shown["page_access_group_ids"]) == (pk(partners), [pk(partners)])
    assert [one["email"] for one in api.get("/page_access_users").json] == [
        "ada@example.org",
        "bob@example.org",
    ]
    assert api.get("/page_access_users?email=ADA@example.org&per_page=500").json == [shown]
    assert api.get("/page_access_users?email=eve@example.org").json == []

    changed = api.patch(ada, {"page_access_user": {"external_login": "ada", "page_access_group_ids": []}})
    assert (changed.status, changed.json["email"]) == (200, "ada@example.org")
    assert (changed.json["external_login"], changed.json["page_access_group_id"]) == ("ada", None)

    gone = api.delete(ada)
    assert (gone.status, gone.json) == (204, None)
    assert (api.get(ada).status, api.delete(ada).status) == (404, 404)


def test_who_is_known_already_is_a_conflict(api: Machine) -> None:
    ada, bob = user(api), user(api, "bob@example.org")
    for answer in (
        api.post("/page_access_users", {"page_access_user": {"email": "ADA@example.org"}}),
        api.put(bob, {"page_access_user": {"email": "ada@example.org"}}),
    ):
        assert (answer.status, set(answer.json)) == (409, {"error", "message"})
    assert api.put(ada, {"page_access_user": {"email": "ada@example.org"}}).status == 200


@pytest.mark.parametrize(
    "given",
    [{}, {"email": "nobody"}, {"email": 5}, {"email": "x@example.org", "page_access_group_ids": ["x"]}],
)
def test_who_cannot_be_is_refused_in_words(api: Machine, given: Any) -> None:
    answer = api.post("/page_access_users", {"page_access_user": given})

    assert (answer.status, bool(answer.json["error"])) == (422, True)
    assert not PageAccessUser.objects.exists()


@pytest.mark.parametrize("made", [user, group])
def test_what_they_may_see_is_added_to_replaced_and_taken_away(
    api: Machine, parts: list[str], page: StatusPage, made: Any
) -> None:
    place = f"{made(api)}/components"

    def seen() -> list[str]:
        return [one["id"] for one in api.get(place).json]

    steps = [
        (api.patch, place, parts[:1], 200, parts[:1]),
        (api.put, place, parts[1:2], 200, parts[:2]),
        (api.post, place, parts[1:], 201, parts[1:]),
        (api.delete, place, parts[1:2], 200, parts[2:]),
        (api.patch, place, parts, 200, parts),
        (api.delete, f"{place}/{parts[0]}", None, 200, parts[1:]),
        (api.delete, place, [], 200, parts[1:]),
        (api.delete, place, None, 200, []),
    ]
    for method, path, ids, status, left in steps:
        answer = method(path, None if ids is None else {"component_ids": ids})
        assert (answer.status, seen()) == (status, left), (method.__name__, ids)
    assert api.post(place, {}).status == 422
    assert api.patch(place, {"component_ids": ["unknown"]}).status == 422
    assert api.delete(f"{place}/{parts[0]}").status == 404

    api.patch(place, {"component_ids": parts})
    delete_component(page, Component.objects.get(pk=parts[0]), ACTOR)
    assert seen() == parts[1:]
    assert [one["id"] for one in api.get(f"{place}?per_page=1&page=2").json] == parts[2:]


def test_a_group_is_added_changed_and_dissolved(api: Machine, parts: list[str]) -> None:
    ada = user(api)
    given = {"external_identifier": "p", "component_ids": parts[:2], "page_access_user_ids": [pk(ada)]}
    partners = group(api, **given)

    shown = api.get(partners).json
    assert {name: shown[name] for name in given} == given
    assert api.get("/page_access_groups").json == [shown]
    assert api.get(ada).json["page_access_group_ids"] == [pk(partners)]

    changed = api.patch(partners, {"page_access_group": {"name": "Friends", "component_ids": []}}).json
    assert (changed["name"], changed["component_ids"]) == ("Friends", [])
    assert changed["page_access_user_ids"] == [pk(ada)]

    gone = api.delete(partners)
    assert (gone.status, gone.json["id"]) == (200, pk(partners))
    assert api.get(partners).status == 404
    assert api.get(ada).json["page_access_group_ids"] == []


@pytest.mark.parametrize(("made", "kind"), [(user, "page_access_users"), (group, "page_access_groups")])
def test_a_component_is_shown_to_some_and_hidden_from_all(
    api: Machine, component: Component, made: Any, kind: str
) -> None:
    place, somebody = f"/components/{component.pk}/{kind}", made(api)
    ids = f"{kind[:-1]}_ids"

    shown = api.post(place, {ids: [pk(somebody)]})
    assert (shown.status, shown.json["id"]) == (201, component.pk)
    assert [one["id"] for one in api.get(f"{somebody}/components").json] == [component.pk]
    assert (api.post(place, {ids: ["unknown"]}).status, api.post(place).status) == (422, 422)

    assert api.delete(place, {ids: []}).status == 200
    assert len(api.get(f"{somebody}/components").json) == 1
    assert api.delete(place).json["id"] == component.pk
    assert api.get(f"{somebody}/components").json == []


def test_how_much_is_asked_of_the_database_does_not_grow(api: Machine, parts: list[str]) -> None:
    counts: list[list[int]] = []
    for number in (2, 8):
        own = [user(api, f"{one}-{number}@example.org") for one in range(number)]
        partners = group(api, page_access_user_ids=[pk(one) for one in own], component_ids=parts)
        counts.append([])
        for path in ("/page_access_users", "/page_access_groups", f"{partners}/components", partners):
            with CaptureQueriesContext(connection) as queries:
                assert api.get(path).status == 200
            counts[-1].append(len(queries))
    assert counts[0] == counts[1]
