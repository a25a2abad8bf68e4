"""Opening, updating, resolving, correcting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.errors import Refused
from components.actions import create_component, set_status
from components.models import Component, StatusChange
from components.status import current
from events.models import Event
from incidents.actions.incident import (
    backfill_incident,
    delete_incident,
    edit_incident,
    open_incident,
    post_update,
    resolve,
)
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from tests.conftest import ACTOR


def opened(page: StatusPage, **statuses: str) -> Incident:
    words = Words("investigating", "We look into it.", components=statuses)
    return open_incident(page, ACTOR, words, name="Slow")


def test_opening_says_the_statuses_of_its_components(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})

    assert current([component.pk]) == {component.pk: "major_outage"}
    assert incident.shown_impact == "critical"
    page.refresh_from_db()
    assert page.indicator == "critical"


def test_the_impact_stays_at_its_peak(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    post_update(
        page, incident, ACTOR, Words("identified", "", components={component.pk: "degraded_performance"})
    )

    incident.refresh_from_db()
    assert incident.impact == "critical"
    assert current([component.pk]) == {component.pk: "degraded_performance"}


def test_resolving_takes_components_back_to_operational(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "partial_outage"})
    resolve(page, incident, ACTOR)

    incident.refresh_from_db()
    assert incident.status == "resolved"
    assert incident.resolved_at is not None
    assert current([component.pk]) == {component.pk: "operational"}
    page.refresh_from_db()
    assert page.indicator == "none"


def test_resolving_otherwise_leaves_the_last_status_as_a_setting(
    page: StatusPage, component: Component
) -> None:
    incident = opened(page, **{component.pk: "partial_outage"})
    resolve(page, incident, ACTOR, to_operational=False)

    assert current([component.pk]) == {component.pk: "partial_outage"}
    assert StatusChange.objects.filter(component=component).latest("at").source == "setting"


def test_an_explicit_map_decides_when_resolving(page: StatusPage, component: Component) -> None:
    other = create_component(page, ACTOR, name="Web")
    incident = opened(page, **{component.pk: "major_outage", other.pk: "major_outage"})
    post_update(page, incident, ACTOR, Words("resolved", "Done.", components={component.pk: "operational"}))

    assert current([component.pk, other.pk]) == {component.pk: "operational", other.pk: "major_outage"}


def test_every_change_takes_one_version_and_its_events_hold_the_whole_state(
    page: StatusPage, component: Component
) -> None:
    before = page.version
    incident = opened(page, **{component.pk: "major_outage"})
    resolve(page, incident, ACTOR)

    page.refresh_from_db()
    assert page.version == before + 2
    last = Event.objects.get(name="incident.resolved", object_id=incident.pk)
    assert last.version == page.version
    assert last.facts["incident"]["status"] == "resolved"
    assert last.facts["incident"]["components"][0]["status"] == "operational"
    assert last.facts["update"]["body"] == "This incident has been resolved."
    assert last.indicator == "none"


def test_deleting_ends_what_it_said(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    delete_incident(page, incident, ACTOR)

    assert current([component.pk]) == {component.pk: "operational"}
    with pytest.raises(Refused, match="deleted meanwhile"):
        resolve(page, incident, ACTOR)


def test_corrected_times_correct_the_history(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    earlier = incident.started_at - timedelta(minutes=30)
    edit_incident(page, incident, ACTOR, impact_started_at=earlier)

    assert StatusChange.objects.get(component=component).at == earlier


def test_a_backfilled_incident_leaves_the_present_alone(page: StatusPage, component: Component) -> None:
    set_status(page, {component.pk: "degraded_performance"}, ACTOR)
    ended = timezone.now() - timedelta(days=3)
    incident = backfill_incident(
        page,
        ACTOR,
        name="Long ago",
        started_at=ended - timedelta(hours=2),
        resolved_at=ended,
        body="It was DNS.",
        components={component.pk: "major_outage"},
    )

    assert incident.status == "resolved"
    assert current([component.pk]) == {component.pk: "degraded_performance"}
    statuses = StatusChange.objects.filter(component=component).values_list("status", flat=True)
    assert list(statuses) == ["major_outage", "operational", "degraded_performance"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words("resolved-ish"), "status"),
        (Words("scheduled"), "status"),
        (Words("investigating", components={"nosuchthing1": "major_outage"}), "components"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(page: StatusPage, words: Words, field: str) -> None:
    version = page.version
    with pytest.raises(Refused) as refused:
        open_incident(page, ACTOR, words, name="Slow")

    assert refused.value.field == field
    page.refresh_from_db()
    assert page.version == version
    assert not Incident.objects.exists()
