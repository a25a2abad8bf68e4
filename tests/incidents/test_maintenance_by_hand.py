"""What people do with announced work, and what they may not do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from common.errors import Refused
from components.actions import create_component, delete_component
from components.models import Component
from incidents.actions.incident import delete_incident, open_incident
from incidents.actions.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    post_maintenance_update,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Incident, IncidentUpdate
from incidents.steps import Words
from incidents.windows import MAINTENANCE
from outbox.models import OutboxItem
from pages.actions import delete_page
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON, Clock
from tests.incidents.notices import history, scheduled, status_of, statuses, told

pytestmark = pytest.mark.usefixtures("clock")


def test_a_person_starts_it_early_and_verifies_and_completes_it(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any
) -> None:
    incident = scheduled(page, component)
    start_maintenance(page, incident, ACTOR, "We begin early.")
    assert history(component) == [("under_maintenance", NOON)]

    clock.shift(HOUR)
    post_maintenance_update(page, incident, ACTOR, Words("verifying", "Looking good."))
    complete_maintenance(page, incident, ACTOR, "All done.", notify=False)
    pass_to(NOON + 4 * HOUR)

    incident.refresh_from_db()
    assert (incident.started_at, incident.resolved_at) == (NOON, NOON + HOUR)
    assert sorted(statuses(incident)) == ["completed", "in_progress", "scheduled", "verifying"]
    assert status_of(component) == "operational"
    assert told(incident)[1:] == [
        ("maintenance.started", True),
        ("maintenance.updated", True),
        ("maintenance.completed", False),
    ]


def test_an_update_of_a_later_status_begins_it(page: StatusPage, component: Component) -> None:
    incident = scheduled(page, component)
    words = Words("in_progress", "Off we go.", components={component.pk: "partial_outage"})
    post_maintenance_update(page, incident, ACTOR, words)

    incident.refresh_from_db()
    assert incident.status == "in_progress"
    assert status_of(component) == "partial_outage"
    assert told(incident)[-1] == ("maintenance.started", True)


def test_a_component_that_is_named_at_the_start_takes_part(page: StatusPage, component: Component) -> None:
    incident = scheduled(page)
    post_maintenance_update(page, incident, ACTOR, Words("in_progress", components={component.pk: None}))

    assert status_of(component) == "under_maintenance"


def test_a_moved_window_runs_at_its_new_times(page: StatusPage, component: Component, pass_to: Any) -> None:
    incident = scheduled(page, component)
    edit_maintenance(page, incident, ACTOR, scheduled_for=NOON + 2 * HOUR, scheduled_until=NOON + 5 * HOUR)
    pass_to(NOON + 1.5 * HOUR)
    assert status_of(component) == "operational"
    pass_to(NOON + 2.5 * HOUR)
    edit_maintenance(page, incident, ACTOR, scheduled_until=NOON + 4 * HOUR)
    pass_to(NOON + 6 * HOUR)

    assert history(component) == [
        ("under_maintenance", NOON + 2 * HOUR),
        ("operational", NOON + 4 * HOUR),
    ]
    assert told(incident)[1] == ("maintenance.edited", False)


def test_editing_nothing_takes_no_version(page: StatusPage, component: Component) -> None:
    incident = scheduled(page, component)
    version = page.version
    edit_maintenance(page, incident, ACTOR, components=[component.pk], name="Disks", reminders=[])

    page.refresh_from_db()
    assert page.version == version


def test_components_that_join_or_leave_while_it_runs_follow(page: StatusPage, component: Component) -> None:
    other = create_component(page, ACTOR, name="Web")
    incident = scheduled(page, component)
    start_maintenance(page, incident, ACTOR)
    edit_maintenance(page, incident, ACTOR, components=[other.pk])

    assert (status_of(component), status_of(other)) == ("operational", "under_maintenance")


def test_a_component_deleted_before_the_start_does_not_stop_it(
    page: StatusPage, component: Component, pass_to: Any
) -> None:
    other = create_component(page, ACTOR, name="Web")
    scheduled(page, component, other)
    delete_component(page, component, ACTOR)
    pass_to(NOON + 2 * HOUR)

    assert status_of(other) == "under_maintenance"


# Cancelling -----------------------------------------------------------------------------------------


def test_cancelled_before_the_start_it_never_touches_a_component(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any
) -> None:
    incident = scheduled(page, component, reminders=[30])
    clock.shift(60)
    cancel_maintenance(page, incident, ACTOR)
    pass_to(NOON + 4 * HOUR)

    incident.refresh_from_db()
    assert (incident.status, incident.window.cancelled) == ("completed", True)
    assert incident.started_at == incident.resolved_at == NOON + timedelta(minutes=1)
    assert history(component) == []
    assert told(incident) == [("maintenance.scheduled", True), ("maintenance.cancelled", True)]
    newest = incident.updates.first()
    assert newest is not None
    assert newest.body == "The scheduled maintenance has been cancelled."


def test_cancelled_after_the_start_it_takes_back_what_it_said(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any
) -> None:
    incident = scheduled(page, component, to_operational=False)
    pass_to(NOON + HOUR)
    clock.shift(HOUR)
    cancel_maintenance(page, incident, ACTOR, "Too risky.", notify=False)

    incident.refresh_from_db()
    assert (incident.started_at, incident.resolved_at) == (NOON + HOUR, NOON + 2 * HOUR)
    assert status_of(component) == "operational"


def test_a_deleted_one_does_nothing_more(page: StatusPage, component: Component, pass_to: Any) -> None:
    incident = scheduled(page, component)
    delete_incident(page, incident, ACTOR)
    pass_to(NOON + 4 * HOUR)

    assert history(component) == []
    assert not OutboxItem.objects.filter(topic=MAINTENANCE).exists()


def test_one_of_a_deleted_page_does_nothing_more(page: StatusPage, pass_to: Any) -> None:
    incident = scheduled(page)
    delete_page(page, ACTOR)
    pass_to(NOON + 4 * HOUR)

    incident.refresh_from_db()
    assert incident.status == "scheduled"
    assert not OutboxItem.objects.filter(topic=MAINTENANCE).exists()


# Refusing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"scheduled_until": NOON + HOUR}, "scheduled_until"),
        ({"scheduled_for": NOON - 3 * HOUR, "scheduled_until": NOON - HOUR}, "scheduled_until"),
        ({"reminders": [0]}, "reminders"),
        ({"reminders": [10**6]}, "reminders"),
        ({"colour": "red"}, "colour"),
        ({"impact_override": "awful"}, "impact_override"),
        ({"components": ["nosuchthing1"]}, "components"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    page: StatusPage, options: dict[str, Any], field: str
) -> None:
    asked = {"name": "Disks", "scheduled_for": NOON + HOUR, "scheduled_until": NOON + 2 * HOUR} | options
    with pytest.raises(Refused) as refused:
        schedule_maintenance(page, ACTOR, **asked)

    assert refused.value.field == field
    assert not Incident.objects.exists()
    assert not OutboxItem.objects.filter(topic=MAINTENANCE).exists()


Verb = Callable[[StatusPage, Incident], object]


@pytest.mark.parametrize(
    ("state", "verb", "match"),
    [
        ("scheduled", lambda p, i: complete_maintenance(p, i, ACTOR), "has not begun"),
        ("scheduled", lambda p, i: edit_maintenance(p, i, ACTOR, scheduled_for=NOON + 9 * HOUR), "before it"),
        ("scheduled", lambda p, i: post_maintenance_update(p, i, ACTOR, Words("completed")), "complete it"),
        ("scheduled", lambda p, i: post_maintenance_update(p, i, ACTOR, Words("resolved")), "not a status"),
        ("scheduled", lambda p, i: edit_maintenance(p, i, ACTOR, status="completed"), "no such field"),
        ("in_progress", lambda p, i: start_maintenance(p, i, ACTOR), "has begun already"),
        ("in_progress", lambda p, i: edit_maintenance(p, i, ACTOR, scheduled_for=NOON), "its start stays"),
        ("in_progress", lambda p, i: edit_maintenance(p, i, ACTOR, scheduled_until=NOON), "begins before"),
        ("in_progress", lambda p, i: post_maintenance_update(p, i, ACTOR, Words("scheduled")), "has begun"),
        ("completed", lambda p, i: start_maintenance(p, i, ACTOR), "over already"),
        ("completed", lambda p, i: complete_maintenance(p, i, ACTOR), "over already"),
        ("completed", lambda p, i: cancel_maintenance(p, i, ACTOR), "over already"),
        ("completed", lambda p, i: edit_maintenance(p, i, ACTOR, scheduled_until=NOON), "over already"),
        ("incident", lambda p, i: start_maintenance(p, i, ACTOR), "is an incident"),
        ("deleted", lambda p, i: start_maintenance(p, i, ACTOR), "deleted meanwhile"),
    ],
)
def test_what_does_not_fit_its_state_is_refused(
    page: StatusPage, component: Component, state: str, verb: Verb, match: str
) -> None:
    incident = _in_state(page, component, state)
    version, updates = page.version, IncidentUpdate.objects.count()
    with pytest.raises(Refused, match=match):
        verb(page, incident)

    page.refresh_from_db()
    assert (page.version, IncidentUpdate.objects.count()) == (version, updates)


def _in_state(page: StatusPage, component: Component, state: str) -> Incident:
    if state == "incident":
        return open_incident(page, ACTOR, Words("investigating"), name="Slow")
    incident = scheduled(page, component)
    if state in ("in_progress", "completed"):
        start_maintenance(page, incident, ACTOR)
    if state == "completed":
        complete_maintenance(page, incident, ACTOR)
    if state == "deleted":
        delete_incident(page, incident, ACTOR)
    return incident
