"""Components, groups, their order and their past, as an operator changes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from components.actions import create_component, create_group, set_status
from components.models import Component, Statement
from dashboard.forms.component import blocks
from dashboard.layout import END, layout, moved
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
from tenants.actions import set_role
from tenants.models import Role, Tenant, User
from tests.admin.browser import Browser
from tests.conftest import ACTOR


class Inside(Browser):
    """An editor of acme, whose tests go on in its schema after each request."""

    def request(self, **request: Any) -> Any:
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(Tenant.objects.get(slug="acme"))


@pytest.fixture
def editor(acme: Tenant) -> Inside:
    user = User.objects.create_user("editor@acme.example")
    set_role(user, acme, Role.EDITOR, ACTOR)
    connection.set_tenant(acme)
    return Inside(user)


@pytest.fixture
def at(page: StatusPage) -> str:
    return f"/o/acme/p/{page.pk}/components/"


def names(page: StatusPage) -> list[tuple[str, list[str]]]:
    return [(one.group.name if one.group else "", [c.name for c in one.components]) for one in layout(page)]


def items(page: StatusPage) -> list[str]:
    found: list[str] = []
    for shelf in layout(page):
        members = [f"component:{one.pk}" for one in shelf.components]
        found += [f"group:{shelf.group.pk}", *members, END] if shelf.group else members
    return found


def test_a_component_is_added_changed_and_taken_away(editor: Browser, page: StatusPage, at: str) -> None:
    group = create_group(page, ACTOR, name="Core")
    shown = editor.shown(f"{at}new")
    answer = editor.post(f"{at}new", shown | {"name": "Search", "group": group.pk, "another": "1"})
    assert answer.headers["Location"] == f"{at}new"
    found = page.components.present().get(name="Search")
    assert (found.group_id, found.showcase) == (group.pk, True)

    edit = f"{at}{found.pk}/edit"
    editor.post(edit, editor.shown(edit) | {"name": "Find", "major_weight": "0.5"})
    found.refresh_from_db()
    assert (found.name, found.major_weight, found.group_id) == ("Find", 0.5, group.pk)

    assert "Find" in editor.get(f"{at}{found.pk}/delete").content.decode()
    editor.post(f"{at}{found.pk}/delete")
    assert not page.components.present().filter(pk=found.pk).exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"name": ""}, "This field is required."), ({"name": "A", "major_weight": "7"}, "share")],
)
def test_what_is_refused_stands_beside_its_field_with_what_was_typed(
    editor: Browser, page: StatusPage, at: str, typed: dict[str, str], said: str
) -> None:
    answer = editor.post(f"{at}new", editor.shown(f"{at}new") | {"purpose": "Kept words"} | typed)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Nothing was saved yet" in text
    assert "Kept words" in text
    assert not page.components.present().filter(purpose="Kept words").exists()


def test_what_others_changed_meanwhile_stays(editor: Browser, component: Component, at: str) -> None:
    edit = f"{at}{component.pk}/edit"
    shown = editor.shown(edit)
    Component.objects.filter(pk=component.pk).update(purpose="Theirs")
    editor.post(edit, shown | {"name": "Mine"})
    component.refresh_from_db()
    assert (component.name, component.purpose) == ("Mine", "Theirs")


def test_components_are_moved_by_steps_into_groups_and_out(
    editor: Browser, page: StatusPage, at: str
) -> None:
    group = create_group(page, ACTOR, name="Core")
    made = {name: create_component(page, ACTOR, name=name) for name in "AB"}
    editor.post(f"{at}order", {"item": items(page)})
    assert names(page) == [("", ["A", "B"]), ("Core", [])]

    def move(item: str, way: str) -> list[tuple[str, list[str]]]:
        editor.post(f"{at}order", {"item": items(page), "move": f"{item}:{way}"})
        return names(page)

    first, second = (f"component:{made[name].pk}" for name in "AB")
    assert move(second, "down") == [("", ["A"]), ("Core", ["B"])]
    assert move(first, "down") == [("Core", ["A", "B"])]
    assert move(first, "down") == [("Core", ["B", "A"])]
    assert move(first, "down") == [("Core", ["B"]), ("", ["A"])]
    assert move(first, "down") == [("Core", ["B"]), ("", ["A"])]
    assert move(f"group:{group.pk}", "down") == [("", ["A"]), ("Core", ["B"])]
    assert move(f"group:{group.pk}", "up") == [("Core", ["B"]), ("", ["A"])]


ORDERS: list[tuple[list[str], Any]] = [
    ([], []),
    (["component:a", "component:b"], [(None, ["a", "b"])]),
    (["group:g", "component:a", END, "component:b"], [("g", ["a"]), (None, ["b"])]),
    (["group:g", END, "group:h", "component:a", END], [("g", []), ("h", ["a"])]),
    (["nonsense", "component:a"], [(None, ["a"])]),
]


@pytest.mark.parametrize(("said", "meant"), ORDERS)
def test_an_order_is_read_as_groups_with_their_members(said: list[str], meant: Any) -> None:
    assert blocks(said) == meant
    for one in said:
        for way in ("up", "down"):
            assert sorted(moved(said, one, way)) == sorted(said)


def test_no_order_names_what_is_elsewhere(editor: Browser, component: Component, at: str) -> None:
    answer = editor.post(f"{at}order", {"item": ["component:elsewhere0001"]}, follow=True)
    assert "no component elsewhere0001" in answer.content.decode()


def test_a_status_is_set_where_it_stands(editor: Browser, component: Component, at: str) -> None:
    switch = f"{at.removesuffix('components/')}switch"
    answer = editor.post(switch, {"set": f"{component.pk}:partial_outage", "components": "1"})
    assert answer.headers["Location"] == at
    assert Component.objects.with_status().get(pk=component.pk).status == "partial_outage"
    answer = editor.post(switch, {"set": f"{component.pk}:on_fire"}, follow=True)
    assert "not a component status" in answer.content.decode()


def test_the_past_says_why_and_what_was_corrected(editor: Browser, component: Component, at: str) -> None:
    page = component.page
    words = Words("investigating", "It broke.", components={component.pk: "major_outage"})
    open_incident(page, ACTOR, words, name="The disk is full")
    own = f"{at}{component.pk}/"
    assert "The disk is full" in editor.get(own).content.decode()

    now = timezone.localtime()
    when = {
        "begun": (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"),
        "ended": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }
    said = when | {"status": "degraded_performance", "reason": "The log says so."}
    assert "This field is required" in editor.post(f"{own}correct", said | {"reason": ""}).content.decode()
    editor.post(f"{own}correct", said)
    correction = Statement.objects.get(component=component, source="correction")
    assert "The log says so." in editor.get(own).content.decode()

    editor.post(f"{own}corrections/{correction.pk}/withdraw")
    assert "The log says so." not in editor.get(own).content.decode()


def test_a_group_takes_its_components_and_dissolves(editor: Browser, component: Component, at: str) -> None:
    page = component.page
    editor.post(f"{at}groups/new", {"name": "Core", "components": [component.pk]})
    group = page.groups.present().get(name="Core")
    component.refresh_from_db()
    assert component.group_id == group.pk

    own = f"{at}groups/{group.pk}/"
    editor.post(own, editor.shown(own) | {"name": "Heart"})
    group.refresh_from_db()
    component.refresh_from_db()
    assert (group.name, component.group_id) == ("Heart", group.pk)
    editor.post(f"{own}delete")
    component.refresh_from_db()
    assert component.group_id is None


def test_lists_take_the_same_queries_however_long(editor: Browser, component: Component, at: str) -> None:
    page, counts = component.page, []
    editor.get(at)
    for _round in range(2):
        group = create_group(page, ACTOR, name="More")
        for number in range(3):
            create_component(page, ACTOR, name=f"C{number}", group=group)
            set_status(page, {component.pk: ["major_outage", "operational"][number % 2]}, ACTOR)
        with CaptureQueriesContext(connection) as queries:
            editor.get(at)
            editor.get(f"{at}{component.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 40
