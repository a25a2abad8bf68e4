"""Components and groups by the API."""

from __future__ import annotations

from components.actions import create_component, create_group
from components.models import Component
from pages.models import StatusPage
from tests.api.conftest import Machine
from tests.conftest import ACTOR


def test_the_line_that_every_team_has_somewhere(api: Machine, component: Component) -> None:
    answer = api.patch(f"/components/{component.pk}", {"component": {"status": "major_outage"}})

    assert answer.status == 200
    assert answer.json["status"] == "major_outage"
    assert api.get(f"/components/{component.pk}").json == answer.json


def test_a_component_is_added_changed_and_removed(api: Machine, page: StatusPage) -> None:
    given = {"component": {"name": "Mail", "description": "Sends", "unknown": [1], "group_id": None}}
    added = api.post("/components", given)
    assert (added.status, added.json["name"], added.json["status"]) == (201, "Mail", "operational")
    one = f"/components/{added.json['id']}"

    changed = api.put(one, {"component": {"description": None, "status": "", "showcase": True}})
    assert (changed.json["description"], changed.json["name"], changed.json["showcase"]) == (
        None,
        "Mail",
        True,
    )

    gone = api.delete(one)
    assert (gone.status, gone.json) == (204, None)
    assert api.get(one).status == 404
    assert api.patch(one, {"component": {"name": "x"}}).status == 404
    assert api.get("/components").json == []


def test_fields_and_status_are_changed_together_or_not_at_all(api: Machine, component: Component) -> None:
    before = api.get(f"/components/{component.pk}").json
    wrong = {"component": {"name": "Other", "status": "broken"}}

    assert api.patch(f"/components/{component.pk}", wrong).status == 422
    assert api.get(f"/components/{component.pk}").json == before


def test_groups_stand_in_the_list_before_their_members(api: Machine, page: StatusPage) -> None:
    alone, first, second = (create_component(page, ACTOR, name=name) for name in ("A", "B", "C"))
    group = create_group(page, ACTOR, name="G", components=[first.pk, second.pk], position=9)

    listed = api.get("/components").json
    assert [one["id"] for one in listed] == [alone.pk, group.pk, first.pk, second.pk]
    assert [one["group"] for one in listed] == [False, True, False, False]
    assert listed[1]["components"] == [first.pk, second.pk]
    assert [one["id"] for one in api.get("/components?page=2&per_page=3").json] == [second.pk]
    assert api.get("/components?page=0&per_page=500").json == listed


def test_a_group_is_added_changed_and_removed(api: Machine, page: StatusPage) -> None:
    first, second = (create_component(page, ACTOR, name=name).pk for name in ("A", "B"))

    body = {"description": "outside", "component_group": {"name": "G", "components": [first]}}
    added = api.post("/component-groups", body)
    assert (added.status, added.json["components"]) == (201, [first])
    assert (added.json["description"], added.json["name"]) == ("outside", "G")
    one = f"/component-groups/{added.json['id']}"

    inside = {"components_group": {"components": [second], "description": "inside"}}
    assert api.patch(one, inside).json["components"] == [second]
    assert api.get(one).json["description"] == "inside"
    assert api.get(f"/components/{first}").json["group_id"] is None

    gone = api.delete(one)
    assert (gone.status, gone.json["id"]) == (200, added.json["id"])
    assert api.get(one).status == 404
    assert api.get("/component-groups").json == []
