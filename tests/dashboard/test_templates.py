"""Templates: prepared notices, tried while they are written, and what they begin."""

from __future__ import annotations

import pytest

from common.tenancy import in_tenant
from events.models import Event
from incidents.actions.template import create_template
from incidents.models import IncidentTemplate
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.incidents}templates/"


def test_a_template_is_added_changed_and_deleted(
    editor: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    typed = {"name": "Slow", "title": "Slow {{ what }}", "body": "Hm.", "update_status": "identified"}
    refused = editor.send(f"{at}new", "title", **typed | {"title": ""}).content.decode()
    assert "Nothing was saved yet" in refused
    assert 'value="Slow"' in refused
    assert editor.send(f"{at}new", "title", **typed, components=[place.api.pk]).status_code == 302
    again = editor.send(f"{at}new", "title", **typed).content.decode()
    assert "Nothing was saved yet" in again, "Two of one name cannot be told apart."
    with in_tenant(acme.id):
        made = IncidentTemplate.objects.get()
        assert (made.title, made.update_status, made.deliver_notifications) == (
            "Slow {{ what }}",
            "identified",
            True,
        )
        assert [one.pk for one in made.components.all()] == [place.api.pk]
    assert "what" in editor.see(at)
    editor.send(f"{at}{made.pk}/", "title", body="Hm, hm.", components=[place.website.pk])
    with in_tenant(acme.id):
        made.refresh_from_db()
        assert (made.body, made.title) == ("Hm, hm.", "Slow {{ what }}")
        assert [one.pk for one in made.components.all()] == [place.website.pk]
    assert "stay as they are" in editor.see(f"{at}{made.pk}/delete")
    editor.post(f"{at}{made.pk}/delete")
    with in_tenant(acme.id):
        assert not IncidentTemplate.objects.exists()
        said = Event.objects.filter(object_type="template").order_by("id").values_list("name", flat=True)
        assert list(said) == ["template.created", "template.updated", "template.deleted"]


def test_what_is_tried_stands_in_the_text_and_nothing_is_saved(
    editor: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    typed = {"title": "Slow {{what}}", "body": "**{{ what }}** in {{where}} <script>", "value-what": "Search"}
    for answer in (
        editor.post(f"{at}preview", typed),
        editor.send(f"{at}new", "title", name="X", preview="1", **typed),
    ):
        text = answer.content.decode()
        assert "Slow Search" in text
        assert "<strong>Search</strong> in {{where}}" in text
        assert 'name="value-where"' in text
        assert "<script>" not in text.partition('class="prose"')[2].partition("</div>")[0]
    endless = editor.post(f"{at}preview", {"body": "x" * 25_000 + "{{ late }}"}).content.decode()
    assert "late" not in endless
    with in_tenant(acme.id):
        assert not IncidentTemplate.objects.exists()


def test_a_template_begins_as_an_incident_began(editor: Visitor, place: Place, at: str) -> None:
    new = f"{at}new?from={place.incident.pk}"
    assert new in editor.see(place.shown)
    begun = editor.fill(new, "title")
    assert (begun["title"], begun["body"]) == ("Slow answers", "We are looking.")
    assert begun["components"] == place.api.pk


def test_a_maintenance_begins_from_its_own_templates(editor: Visitor, place: Place, at: str) -> None:
    page, ours = place.page, {"components": [place.api.pk], "deliver_notifications": False}
    work = create_template(
        page, ACTOR, name="Work", title="{{ what }}", body="Hm.", update_status="scheduled", **ours
    )
    create_template(page, ACTOR, name="Outage", title="Down", body="Hm.")
    new = f"{place.home}maintenance/new"
    text = editor.see(new)
    assert "Work</a>" in text
    assert "Outage</a>" not in text
    assert editor.get(f"{place.incidents}new?template={work.pk}").status_code == 404
    assert editor.fill(f"{new}?template={work.pk}", "value-what")["template"] == work.pk
    filled = editor.fill(f"{new}?template={work.pk}&value-what=Database", "scheduled_for")
    assert (filled["name"], filled["body"], filled["components"]) == ("Database", "Hm.", place.api.pk)
    assert "notify" not in filled


def test_the_palette_finds_templates_for_those_who_may_use_them(
    editor: Visitor, visitors: dict[str, Visitor], place: Place
) -> None:
    template = create_template(place.page, ACTOR, name="Search is slow", title="Slow", body="Hm.")
    find = f"{place.home}find?q=search"
    assert f"?template={template.pk}" in editor.see(find)
    assert template.pk not in visitors["viewer"].see(find)
    # What has no place in the navigation is there by its name.
    for who, found in (("viewer", False), ("editor", False), ("admin", True)):
        assert (f"{place.home}settings/webhooks/" in visitors[who].see(place.home)) == found
