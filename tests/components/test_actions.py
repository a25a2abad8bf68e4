"""Components and groups: whose they are, in which order, and what is corrected of their past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.errors import Refused
from components.actions import (
    arrange,
    correct_history,
    create_component,
    create_group,
    delete_component,
    delete_group,
    set_status,
    update_component,
    update_group,
    withdraw_correction,
)
from components.models import Component, ComponentGroup, Statement, StatusChange
from events.models import Event
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from tests.conftest import ACTOR

HOUR = timedelta(hours=1)


def names(page: StatusPage) -> list[str]:
    return list(page.components.present().values_list("name", flat=True))


def past(component: Component) -> list[str]:
    return list(StatusChange.objects.filter(component=component).values_list("status", flat=True))


@pytest.fixture
def elsewhere(page: StatusPage) -> ComponentGroup:
    """A group of another page of the same organisation."""
    return create_group(create_page(ACTOR, name="Other", slug="other"), ACTOR, name="Theirs")


def test_a_component_is_in_no_other_pages_group(
    page: StatusPage, component: Component, elsewhere: ComponentGroup
) -> None:
    gone = create_group(page, ACTOR, name="Gone")
    delete_group(page, gone, ACTOR)
    for group in (elsewhere, gone, "a name"):
        with pytest.raises(Refused, match="no such group") as refusal:
            update_component(page, component, ACTOR, group=group)
        assert refusal.value.field == "group"
        with pytest.raises(Refused, match="no such group"):
            create_component(page, ACTOR, name="New", group=group)


def test_a_group_takes_no_other_pages_component(
    page: StatusPage, component: Component, elsewhere: ComponentGroup
) -> None:
    with pytest.raises(Refused, match="no component"):
        update_group(elsewhere.page, elsewhere, ACTOR, components=[component.pk])
    with pytest.raises(Refused, match="no component"):
        arrange(elsewhere.page, [(None, [component.pk])], ACTOR)


def test_components_come_in_the_order_that_is_asked_for_and_others_after(page: StatusPage) -> None:
    ids = {name: create_component(page, ACTOR, name=name).pk for name in "ABCD"}
    arrange(page, [(None, [ids["C"], ids["A"]])], ACTOR)

    assert names(page) == ["C", "A", "B", "D"]
    version = StatusPage.objects.get(pk=page.pk).version
    arrange(page, [(None, [ids["C"], ids["A"]])], ACTOR)
    assert StatusPage.objects.get(pk=page.pk).version == version


def test_groups_and_components_are_arranged_at_once(page: StatusPage) -> None:
    ids = {name: create_component(page, ACTOR, name=name).pk for name in "ABCD"}
    one, two = create_group(page, ACTOR, name="One"), create_group(page, ACTOR, name="Two")
    arrange(page, [(two.pk, [ids["B"]]), (None, [ids["D"]]), (one.pk, [ids["C"], ids["A"]])], ACTOR)

    rows = page.components.present().values_list("name", "group__name")
    assert list(rows) == [("B", "Two"), ("D", None), ("C", "One"), ("A", "One")]
    places = {group.name: group.position for group in page.groups.present()}
    assert places["Two"] < Component.objects.get(pk=ids["D"]).position < places["One"]
    told = Event.objects.filter(name="group.updated").values_list("object_id", flat=True)
    assert set(told) == {one.pk, two.pk}


def test_nothing_is_arranged_with_a_group_of_another_page(page: StatusPage, elsewhere: Component) -> None:
    component = create_component(page, ACTOR, name="A")
    group = create_group(elsewhere.page, ACTOR, name="Theirs")
    with pytest.raises(Refused, match="no such group"):
        arrange(page, [(group.pk, [component.pk])], ACTOR)
    component.refresh_from_db()
    assert component.group_id is None


def test_moving_many_components_asks_the_database_no_more_often_than_moving_two(page: StatusPage) -> None:
    counts = []
    for number in (2, 12):
        group = create_group(page, ACTOR, name="G")
        ids = [create_component(page, ACTOR, name="C").pk for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            update_group(page, group, ACTOR, components=ids)
            arrange(page, [(group.pk, ids[::-1])], ACTOR)
        counts.append(len(queries))
        assert Component.objects.filter(group=group).count() == number
        told = Event.objects.filter(name="component.updated", object_id__in=ids)
        assert {one.facts["group_id"] for one in told} == {group.pk}

    assert counts[0] == counts[1]


def test_a_correction_holds_until_it_is_withdrawn(page: StatusPage, component: Component) -> None:
    before = past(component)
    ended = timezone.now() - HOUR
    said = correct_history(
        page, component, ACTOR, begun=ended - HOUR, ended=ended, status="major_outage", reason="Forgotten."
    )
    assert past(component) == [*before, "major_outage", "operational"]

    withdraw_correction(page, said, ACTOR)

    assert not Statement.objects.filter(pk=said.pk).exists()
    assert [one for one in past(component) if one != "operational"] == []
    told = Event.objects.get(name="component.correction_withdrawn")
    assert (told.object_id, told.facts["reason"]) == (str(said.pk), "Forgotten.")
    with pytest.raises(Refused, match="already been withdrawn"):
        withdraw_correction(page, said, ACTOR)


def test_only_corrections_of_the_page_itself_are_withdrawn(
    page: StatusPage, component: Component, elsewhere: ComponentGroup
) -> None:
    set_status(page, {component.pk: "major_outage"}, ACTOR)
    with pytest.raises(Refused):
        withdraw_correction(page, Statement.objects.get(component=component), ACTOR)
    ended = timezone.now() - HOUR
    said = correct_history(
        page, component, ACTOR, begun=ended - HOUR, ended=ended, status="operational", reason="R"
    )
    with pytest.raises(Refused):
        withdraw_correction(elsewhere.page, said, ACTOR)


def test_what_only_restricted_components_have_never_shows_in_the_line_at_the_top(page: StatusPage) -> None:
    hidden = create_component(page, ACTOR, name="Hidden", restricted=True)
    words = Words("investigating", "Hm.", components={hidden.pk: "major_outage"})
    incident = open_incident(page, ACTOR, words, name="Hidden")

    assert StatusPage.objects.get(pk=page.pk).indicator == "none"
    assert incident.shown_impact == "none"
    update_component(page, hidden, ACTOR, restricted=False)
    assert StatusPage.objects.get(pk=page.pk).indicator == "critical"
    update_component(page, hidden, ACTOR, restricted=True)
    assert StatusPage.objects.get(pk=page.pk).indicator == "none"
    delete_component(page, hidden, ACTOR)
    assert StatusPage.objects.get(pk=page.pk).indicator == "none"
    open_incident(page, ACTOR, Words("investigating", "Hm."), name="All of it", impact_override="major")
    assert StatusPage.objects.get(pk=page.pk).indicator == "major"
