"""All that one request asks for, in one version or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Refused
from components.actions import create_component
from components.models import Component, Statement, StatusChange
from components.status import current
from events.models import Event
from incidents.actions.incident import backfill_incident, open_incident, resolve
from incidents.actions.maintenance import schedule_maintenance, start_maintenance
from incidents.actions.revision import revise_incident, revise_maintenance
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON, Clock
from tests.incidents.notices import scheduled, status_of, statuses

pytestmark = pytest.mark.usefixtures("clock")


def opened(page: StatusPage, **named: str) -> Incident:
    return open_incident(page, ACTOR, Words("investigating", "We look.", components=named), name="Slow")


def events_of(page: StatusPage) -> list[tuple[str, bool]]:
    """Of the newest version, what happened to notices, and whether it is told."""
    version = StatusPage.objects.get(pk=page.pk).version
    found = Event.objects.filter(page_id=page.pk, version=version, object_type="incident").order_by("pk")
    return list(found.values_list("name", "notify"))


def test_a_correction_and_an_update_are_one_version(page: StatusPage, component: Component) -> None:
    incident = opened(page)
    before = page.version
    words = Words("identified", "Found.", components={component.pk: "partial_outage"})
    incident = revise_incident(
        page, incident, ACTOR, words, name="Slower", metadata={"jira": {"issue": "OPS-1"}}
    )

    assert page.version == before + 1
    assert events_of(page) == [("incident.edited", False), ("incident.updated", True)]
    incident.refresh_from_db()
    assert (incident.name, incident.status) == ("Slower", "identified")
    assert incident.metadata == {"jira": {"issue": "OPS-1"}}
    assert current([component.pk]) == {component.pk: "partial_outage"}


def test_nothing_of_it_stays_where_a_part_is_refused(page: StatusPage, component: Component) -> None:
    incident = opened(page)
    with pytest.raises(Refused):
        revise_incident(page, incident, ACTOR, Words("completed", ""), name="Slower", only=[component.pk])

    incident.refresh_from_db()
    assert incident.name == "Slow"
    assert not incident.links.exists()


def test_what_changes_nothing_takes_no_version(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    before = page.version
    same = {component.pk: "major_outage"}
    revise_incident(page, incident, ACTOR, name="Slow", statuses=same, only=[component.pk])

    assert StatusPage.objects.get(pk=page.pk).version == before


def test_the_list_of_components_takes_others_off(page: StatusPage, component: Component) -> None:
    other = create_component(page, ACTOR, name="Web")
    incident = opened(page, **{component.pk: "major_outage"})
    revise_incident(page, incident, ACTOR, only=[other.pk])

    assert list(incident.links.values_list("component_id", "status")) == [(other.pk, None)]
    assert current([component.pk, other.pk]) == dict.fromkeys([component.pk, other.pk], "operational")
    assert events_of(page) == [("incident.edited", False)]


def test_statuses_without_words_hold_from_now_on(
    page: StatusPage, component: Component, clock: Clock
) -> None:
    incident = opened(page)
    clock.shift(HOUR)
    revise_incident(page, incident, ACTOR, statuses={component.pk: "major_outage"})

    assert incident.updates.count() == 1
    change = StatusChange.objects.get(component=component)
    assert (change.at, change.status, change.source_id) == (NOON + HOUR, "major_outage", incident.pk)


def test_statuses_of_what_is_over_are_set_as_if_by_hand(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    resolve(page, incident, ACTOR)
    revise_incident(page, incident, ACTOR, statuses={component.pk: "partial_outage"})

    assert status_of(component) == "partial_outage"
    assert not Statement.objects.live().filter(source="incident").exists()


@pytest.mark.parametrize(("to_operational", "left"), [(True, "operational"), (False, "major_outage")])
def test_resolving_resets_components_where_that_is_asked_for(
    page: StatusPage, component: Component, to_operational: bool, left: str
) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    revise_incident(page, incident, ACTOR, Words("resolved", ""), to_operational=to_operational)

    assert status_of(component) == left


def test_a_maintenance_is_moved_and_begun_at_once(page: StatusPage, component: Component) -> None:
    incident = scheduled(page, component)
    before = page.version
    words = Words("in_progress", "Early.")
    revise_maintenance(page, incident, ACTOR, words, name="Racks", scheduled_until=NOON + 5 * HOUR)

    assert page.version == before + 1
    assert events_of(page) == [("maintenance.edited", False), ("maintenance.started", True)]
    assert status_of(component) == "under_maintenance"


def test_completing_calls_off_what_has_not_begun(page: StatusPage, component: Component) -> None:
    incident = scheduled(page, component)
    revise_maintenance(page, incident, ACTOR, Words("completed", ""))

    incident.refresh_from_db()
    assert (incident.status, incident.window.cancelled) == ("completed", True)


@pytest.mark.parametrize(("back", "left"), [(True, "operational"), (False, "under_maintenance")])
def test_completing_does_what_the_same_request_says_of_the_end(
    page: StatusPage, component: Component, back: bool, left: str
) -> None:
    incident = scheduled(page, component, to_operational=not back)
    start_maintenance(page, incident, ACTOR)
    revise_maintenance(page, incident, ACTOR, Words("completed", "Done."), to_operational=back)

    assert status_of(component) == left


def test_work_that_has_not_begun_only_gets_the_components(page: StatusPage, component: Component) -> None:
    incident = scheduled(page)
    revise_maintenance(page, incident, ACTOR, statuses={component.pk: "under_maintenance"})

    assert status_of(component) == "operational"
    assert list(incident.links.values_list("component_id", "status")) == [(component.pk, None)]


def test_sending_the_same_again_after_the_end_is_no_mistake(
    page: StatusPage, component: Component, clock: Clock
) -> None:
    incident = scheduled(page, component)
    until = incident.window.scheduled_until
    revise_maintenance(page, incident, ACTOR, Words("completed", ""))
    clock.move_to(until + HOUR)
    revise_maintenance(page, incident, ACTOR, name="Disks, again", scheduled_until=until)

    incident.refresh_from_db()
    assert incident.name == "Disks, again"


def test_a_maintenance_may_be_announced_as_begun(page: StatusPage, component: Component) -> None:
    times: dict[str, Any] = {"scheduled_for": NOON + HOUR, "scheduled_until": NOON + 2 * HOUR}
    words = Words("verifying", "Nearly there.")
    incident = schedule_maintenance(
        page, ACTOR, name="Disks", components=[component.pk], begins_as=words, **times
    )

    assert statuses(incident) == ["verifying"]
    assert incident.started_at == NOON
    assert status_of(component) == "under_maintenance"


def test_a_past_incident_may_name_components_without_a_status(page: StatusPage, component: Component) -> None:
    incident = backfill_incident(
        page,
        ACTOR,
        name="Back then",
        started_at=NOON - 2 * HOUR,
        resolved_at=NOON - HOUR,
        body="It was slow.",
        components={component.pk: None},
    )

    assert [link.component_id for link in incident.links.all()] == [component.pk]
    assert not StatusChange.objects.filter(component=component).exists()
