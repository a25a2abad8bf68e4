"""Prepared notices and their placeholders."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Refused
from components.actions import delete_component
from components.models import Component
from events.models import Event
from incidents.actions.incident import open_incident
from incidents.actions.template import (
    create_template,
    delete_template,
    fill,
    placeholders,
    update_template,
)
from incidents.models import IncidentTemplate
from pages.models import StatusPage
from tests.conftest import ACTOR


def prepared(
    page: StatusPage, title: str = "{{ what }} slow", body: str = "", **more: Any
) -> IncidentTemplate:
    return create_template(page, ACTOR, name="Slow", title=title, body=body or "Look at {{ what }}.", **more)


def test_a_filled_template_opens_an_incident(page: StatusPage, component: Component) -> None:
    template = prepared(page, components=[component.pk], update_status="identified")
    filled = fill(template, {"what": "The API"})
    incident = open_incident(page, ACTOR, filled.words, name=filled.title)

    assert incident.name == "The API slow"
    assert incident.status == "identified"
    assert incident.updates.get().body == "Look at The API."
    assert [link.component_id for link in incident.links.all()] == [component.pk]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("Nothing to fill", []),
        ("{{ a }} {{b}} {{   a   }}", ["a", "b"]),
        ("{{ affected service }} since {{ start-time }}", ["affected service", "start-time"]),
        ("{{ Größe }}", ["Größe"]),
        ("{ a } {{}} {{ }} {{{ b }}} {{ c", ["b"]),
        ("{{ over\nlines }}", []),
        ("{{ " * 5000, []),
    ],
)
def test_placeholders_are_named_once_in_order(page: StatusPage, body: str, names: list[str]) -> None:
    assert placeholders(prepared(page, title="Title", body=body)) == names


@pytest.mark.parametrize(
    "value",
    ["{{ other }}", "{{ what }}", r"\1 \g<0>", "{% now 'Y' %}", "{what}", "<b>bold</b>", "100 %(s)s"],
)
def test_a_value_is_taken_as_it_is(page: StatusPage, value: str) -> None:
    filled = fill(prepared(page, body="{{ what }} and {{ other }}"), {"what": value, "other": "more"})

    assert filled.title == f"{value} slow"
    assert filled.words.body == f"{value} and more"


def test_a_value_makes_no_text_endless(page: StatusPage) -> None:
    filled = fill(prepared(page, body="{{ what }}" * 3), {"what": "x" * 5_000})

    assert (len(filled.title), len(filled.words.body)) == (1_005, 3_000)


@pytest.mark.parametrize("values", [{}, {"what": ""}, {"what": "  "}, {"What": "The API"}])
def test_missing_values_are_refused_by_name(page: StatusPage, values: dict[str, str]) -> None:
    with pytest.raises(Refused, match="fill in: what, when"):
        fill(prepared(page, body="{{ when }}"), values)


def test_a_deleted_component_drops_out(page: StatusPage, component: Component) -> None:
    template = prepared(page, components=[component.pk])
    delete_component(page, component, ACTOR)

    assert fill(template, {"what": "It"}).words.components == {}


def test_templates_are_the_team_s_alone(page: StatusPage) -> None:
    version = page.version
    template = prepared(page)
    update_template(page, template, ACTOR, body="Shorter.")
    update_template(page, template, ACTOR, body="Shorter.", components=[])
    delete_template(page, template, ACTOR)

    page.refresh_from_db()
    assert page.version == version
    events = Event.objects.filter(object_type="template").values_list("name", "version", "notify")
    names = ["template.created", "template.updated", "template.deleted"]
    assert list(events) == [(name, None, False) for name in names]
    with pytest.raises(Refused, match="deleted meanwhile"):
        update_template(page, template, ACTOR, body="Longer.")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"body": ""}, "body"),
        ({"update_status": "broken"}, "update_status"),
        ({"components": ["nosuchthing1"]}, "components"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_refused(page: StatusPage, fields: dict[str, Any], field: str) -> None:
    asked = {"name": "Slow", "title": "Slow", "body": "It is."} | fields
    with pytest.raises(Refused) as refused:
        create_template(page, ACTOR, **asked)

    assert refused.value.field == field


def test_a_name_is_used_once_a_page(page: StatusPage) -> None:
    prepared(page)
    with pytest.raises(Refused, match="already exists"):
        prepared(page)
