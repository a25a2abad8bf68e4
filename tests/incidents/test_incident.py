"""Opening, updating, resolving, correcting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.errors import Refused
from components.actions import create_component, set_status
from components.models import Component, Statement, StatusChange
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


@pytest.mark.parametrize(("to_operational", "left"), [(True, "operational"), (False, "major_outage")])
def test_an_explicit_map_decides_of_those_it_names(
    page: StatusPage, component: Component, to_operational: bool, left: str
) -> None:
    other = create_component(page, ACTOR, name="Web")
    incident = opened(page, **{component.pk: "major_outage", other.pk: "major_outage"})
    words = Words("resolved", "Done.", components={component.pk: "degraded_performance"})
    post_update(page, incident, ACTOR, words, to_operational=to_operational)

    found = {component.pk: "degraded_performance", other.pk: left}
    assert current([component.pk, other.pk]) == found
    assert dict(incident.links.values_list("component_id", "status")) == found
    assert not Statement.objects.live().filter(source="incident").exists()


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


AHEAD = timezone.now() + timedelta(days=1)
TIMES = ["started_at", "detected_at", "impact_started_at", "mitigated_at", "resolved_at"]


@pytest.mark.parametrize("field", TIMES)
def test_no_time_of_an_incident_lies_ahead(page: StatusPage, component: Component, field: str) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    resolve(page, incident, ACTOR)

    with pytest.raises(Refused) as refusal:
        edit_incident(page, incident, ACTOR, **{field: AHEAD})
    assert refusal.value.field == field
    assert current([component.pk]) == {component.pk: "operational"}


@pytest.mark.parametrize(
    ("times", "at_fault"),
    [
        ({"started_at": -1, "resolved_at": -2}, "resolved_at"),
        ({"started_at": -2, "detected_at": -3}, "detected_at"),
        ({"started_at": -9, "impact_started_at": -4, "mitigated_at": -5}, "mitigated_at"),
        ({"started_at": -9, "resolved_at": -5, "detected_at": -4}, "resolved_at"),
        ({"started_at": -9, "resolved_at": -5, "mitigated_at": -4}, "resolved_at"),
        ({"started_at": -9, "resolved_at": -5, "impact_started_at": -4}, "resolved_at"),
        ({"started_at": -5, "impact_started_at": -9, "detected_at": -8}, None),
        ({"started_at": -9, "impact_started_at": -5, "detected_at": -8}, None),
        (dict.fromkeys(TIMES, -3), None),
    ],
)
def test_the_times_of_an_incident_are_in_order(
    page: StatusPage, times: dict[str, int], at_fault: str | None
) -> None:
    incident = opened(page)
    resolve(page, incident, ACTOR)
    now = timezone.now()
    edit_incident(page, incident, ACTOR, started_at=now - timedelta(hours=9), detected_at=None)
    told = {name: now + timedelta(hours=hours) for name, hours in times.items()}

    if at_fault is None:
        edit_incident(page, incident, ACTOR, **told)
        return
    with pytest.raises(Refused) as refusal:
        edit_incident(page, incident, ACTOR, **told)
    assert refusal.value.field == at_fault


def test_nobody_knows_when_a_past_incident_was_detected_unless_told(page: StatusPage) -> None:
    ended = timezone.now() - timedelta(hours=1)
    began = ended - timedelta(hours=2)
    past = {"name": "N", "body": "B", "started_at": began, "resolved_at": ended}

    assert backfill_incident(page, ACTOR, **past).detected_at is None
    assert backfill_incident(page, ACTOR, **past, detected_at=ended).detected_at == ended
    with pytest.raises(Refused):
        backfill_incident(page, ACTOR, **past, detected_at=timezone.now())


def test_what_an_incident_gives_a_component_ends_with_it(page: StatusPage, component: Component) -> None:
    other = create_component(page, ACTOR, name="Web")
    words = Words("investigating", "Hm.", components={component.pk: "major_outage", other.pk: None})
    incident = open_incident(page, ACTOR, words, name="Slow")

    def given() -> dict[str, str | None]:
        return dict(incident.links.values_list("component_id", "status"))

    assert given() == {component.pk: "major_outage", other.pk: None}
    resolve(page, incident, ACTOR)
    assert given() == {component.pk: "operational", other.pk: None}
    post_update(page, incident, ACTOR, Words("investigating", "Again."))
    assert given() == {component.pk: "operational", other.pk: None}
    assert current([component.pk]) == {component.pk: "operational"}


def test_the_impact_is_that_of_the_components_that_everybody_sees(
    page: StatusPage, component: Component
) -> None:
    hidden = create_component(page, ACTOR, name="Hidden", restricted=True)
    incident = opened(page, **{component.pk: "degraded_performance", hidden.pk: "major_outage"})

    assert incident.shown_impact == "minor"


def test_a_status_that_there_is_not_is_refused_in_words(page: StatusPage) -> None:
    incident = opened(page)
    for status in ("broken", "scheduled", ["resolved"]):
        with pytest.raises(Refused) as refusal:
            post_update(page, incident, ACTOR, Words(status, "Hm."))  # type: ignore[arg-type]
        assert refusal.value.field == "status"


def test_resolving_notes_what_went_back(page: StatusPage, component: Component) -> None:
    incident = opened(page, **{component.pk: "major_outage"})
    update = resolve(page, incident, ACTOR)

    [moved] = update.affected.all()
    assert (moved.old_status, moved.new_status) == ("major_outage", "operational")


def test_the_one_update_of_a_backfilled_incident_tells_of_the_recovery(
    page: StatusPage, component: Component
) -> None:
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

    [moved] = incident.updates.get().affected.all()
    assert (moved.old_status, moved.new_status) == ("major_outage", "operational")
    assert incident.shown_impact == "critical"
