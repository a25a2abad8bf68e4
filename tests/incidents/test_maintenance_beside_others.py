"""Announced work and whatever else is said of the same components."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.tenancy import in_tenant
from components.actions import set_status
from components.models import Component, StatusChange
from events.models import Event
from incidents.actions.incident import open_incident, resolve
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR, CANARY
from tests.incidents.conftest import HOUR, NOON, Clock
from tests.incidents.notices import history, scheduled, status_of

pytestmark = pytest.mark.usefixtures("clock")


def test_components_are_left_alone_where_it_is_not_to_touch_them(
    page: StatusPage, component: Component, pass_to: Any
) -> None:
    scheduled(page, component, to_maintenance=False)
    pass_to(NOON + 2 * HOUR)
    pass_to(NOON + 4 * HOUR)

    assert history(component) == []


def test_components_stay_under_maintenance_where_it_is_not_to_take_them_back(
    page: StatusPage, component: Component, pass_to: Any
) -> None:
    scheduled(page, component, to_operational=False)
    pass_to(NOON + HOUR)
    pass_to(NOON + 3 * HOUR)

    assert status_of(component) == "under_maintenance"
    assert StatusChange.objects.filter(component=component).latest("at").source == "setting"
    set_status(page, {component.pk: "operational"}, ACTOR)
    assert status_of(component) == "operational"


def test_of_overlapping_windows_the_last_to_end_takes_components_back(
    page: StatusPage, component: Component, pass_to: Any
) -> None:
    scheduled(page, component)
    scheduled(page, component, scheduled_for=NOON + 2 * HOUR, scheduled_until=NOON + 4 * HOUR)
    seen = {}
    for minutes in range(0, 300, 30):
        pass_to(NOON + timedelta(minutes=minutes))
        seen[minutes] = status_of(component)

    under = [minutes for minutes, status in seen.items() if status == "under_maintenance"]
    assert under == [60, 90, 120, 150, 180, 210]
    assert set(seen.values()) == {"under_maintenance", "operational"}


@pytest.mark.parametrize("to_operational", [True, False])
def test_a_window_that_ends_leaves_a_newer_incident_standing(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any, to_operational: bool
) -> None:
    scheduled(page, component, to_operational=to_operational)
    pass_to(NOON + HOUR)
    clock.shift(HOUR)
    words = Words("investigating", components={component.pk: "major_outage"})
    incident = open_incident(page, ACTOR, words, name="Broken")
    assert status_of(component) == "major_outage"

    pass_to(NOON + 3 * HOUR)
    assert status_of(component) == "major_outage"
    clock.shift(HOUR)
    resolve(page, incident, ACTOR)
    assert status_of(component) == "operational"


@pytest.mark.parametrize("to_operational", [True, False])
def test_an_incident_resolved_during_a_newer_window_leaves_it_standing(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any, to_operational: bool
) -> None:
    scheduled(page, component)
    words = Words("investigating", components={component.pk: "major_outage"})
    incident = open_incident(page, ACTOR, words, name="Broken")
    pass_to(NOON + HOUR)
    assert status_of(component) == "under_maintenance"
    clock.shift(HOUR)
    resolve(page, incident, ACTOR, to_operational=to_operational)
    assert status_of(component) == "under_maintenance"

    pass_to(NOON + 3 * HOUR)
    assert status_of(component) == "operational"


def test_an_incident_older_than_the_window_is_seen_again_after_it(
    page: StatusPage, component: Component, pass_to: Any
) -> None:
    words = Words("investigating", components={component.pk: "partial_outage"})
    open_incident(page, ACTOR, words, name="Slow")
    scheduled(page, component)
    pass_to(NOON + HOUR)
    pass_to(NOON + 3 * HOUR)

    assert [status for status, _at in history(component)] == [
        "partial_outage",
        "under_maintenance",
        "partial_outage",
    ]


def test_the_other_tenant_stays_as_it_is(
    page: StatusPage, component: Component, globex: Tenant, pass_to: Any
) -> None:
    with in_tenant(globex.id):
        version = StatusPage.objects.get().version
    scheduled(page, component)
    pass_to(NOON + 4 * HOUR)

    assert CANARY not in str(list(Event.objects.values_list("facts", flat=True)))
    with in_tenant(globex.id):
        assert StatusPage.objects.get().version == version
        assert not Incident.objects.maintenance().exists()
