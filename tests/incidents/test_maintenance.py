"""Announced work: its own clock, what it does to components, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from common.errors import Refused
from common.tenancy import in_tenant
from components.actions import create_component, delete_component, set_status
from components.models import Component, StatusChange
from components.status import current
from events.models import Event
from incidents.actions.incident import delete_incident, open_incident, resolve
from incidents.actions.maintenance import (
    backfill_maintenance,
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    post_maintenance_update,
    remind,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Incident, IncidentUpdate
from incidents.steps import Words
from incidents.windows import MAINTENANCE
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import delete_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR, CANARY

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """Noon, standing still."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def pass_to(clock: Clock) -> Callable[[datetime], None]:
    """Let time pass until then, and what has become due be done."""

    def travel(at: datetime) -> None:
        clock.move_to(at, tick=False)
        drain([MAINTENANCE])

    return travel


def scheduled(page: StatusPage, *components: Component, **options: Any) -> Incident:
    """From 13:00 to 15:00, unless told otherwise."""
    times = {"scheduled_for": NOON + HOUR, "scheduled_until": NOON + 3 * HOUR}
    ids = [one.pk for one in components]
    return schedule_maintenance(page, ACTOR, "New disks.", name="Disks", components=ids, **(times | options))


def status_of(component: Component) -> str:
    return current([component.pk])[component.pk]


def history(component: Component) -> list[tuple[str, datetime]]:
    return list(StatusChange.objects.filter(component=component).values_list("status", "at"))


def told(incident: Incident, **where: Any) -> list[tuple[str, bool]]:
    events = Event.objects.filter(object_id=incident.pk, object_type="incident", **where)
    return list(events.values_list("name", "notify"))


def statuses(incident: Incident) -> list[str]:
    """Of its updates, oldest first."""
    return list(incident.updates.order_by("display_at", "created_at").values_list("status", flat=True))


# Its own clock -------------------------------------------------------------------------------------


def test_a_scheduled_maintenance_waits(page: StatusPage, component: Component, pass_to: Any) -> None:
    incident = scheduled(page, component)
    pass_to(NOON + HOUR - timedelta(seconds=1))

    incident.refresh_from_db()
    assert (incident.status, incident.impact) == ("scheduled", "maintenance")
    assert incident.started_at == NOON + HOUR
    assert status_of(component) == "operational"
    page.refresh_from_db()
    assert page.indicator == "none"
    assert told(incident) == [("maintenance.scheduled", True)]
    facts = Event.objects.get(name="maintenance.scheduled").facts
    assert facts["incident"]["window"]["scheduled_for"] == (NOON + HOUR).isoformat()
    assert [one["id"] for one in facts["incident"]["components"]] == [component.pk]
    assert facts["update"]["body"] == "New disks."


def test_it_begins_and_ends_by_itself(page: StatusPage, component: Component, pass_to: Any) -> None:
    incident = scheduled(page, component)
    pass_to(NOON + HOUR)

    incident.refresh_from_db()
    assert incident.status == "in_progress"
    assert status_of(component) == "under_maintenance"
    page.refresh_from_db()
    assert page.indicator == "maintenance"

    pass_to(NOON + 3 * HOUR)
    incident.refresh_from_db()
    assert (incident.status, incident.resolved_at) == ("completed", NOON + 3 * HOUR)
    assert history(component) == [
        ("under_maintenance", NOON + HOUR),
        ("operational", NOON + 3 * HOUR),
    ]
    page.refresh_from_db()
    assert page.indicator == "none"
    assert statuses(incident) == ["scheduled", "in_progress", "completed"]
    names = ["maintenance.scheduled", "maintenance.started", "maintenance.completed"]
    assert told(incident) == [(name, True) for name in names]
    assert not OutboxItem.objects.filter(topic=MAINTENANCE).exists()


@pytest.mark.parametrize("late", [timedelta(seconds=40), 90 * timedelta(minutes=1), timedelta(days=2)])
def test_what_is_done_late_is_done_once_in_order_and_at_its_time(
    page: StatusPage, component: Component, pass_to: Any, late: timedelta
) -> None:
    incident = scheduled(page, component, reminders=[30])
    pass_to(NOON + HOUR + late)
    pass_to(NOON + 3 * HOUR + late)

    incident.refresh_from_db()
    assert (incident.started_at, incident.resolved_at) == (NOON + HOUR, NOON + 3 * HOUR)
    assert history(component) == [
        ("under_maintenance", NOON + HOUR),
        ("operational", NOON + 3 * HOUR),
    ]
    names = [name for name, _notify in told(incident)]
    assert names == ["maintenance.scheduled", "maintenance.started", "maintenance.completed"]
    versions = list(Event.objects.filter(object_id=incident.pk).values_list("version", flat=True))
    assert len(set(versions)) == 3


def test_a_person_s_word_while_the_start_was_late_stands(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any
) -> None:
    scheduled(page, component)
    clock.move_to(NOON + HOUR + timedelta(minutes=10), tick=False)
    set_status(page, {component.pk: "major_outage"}, ACTOR)
    pass_to(NOON + HOUR + timedelta(minutes=20))

    assert [status for status, _at in history(component)] == ["under_maintenance", "major_outage"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"auto_start": False}, "scheduled"),
        ({"auto_complete": False}, "in_progress"),
        ({}, "completed"),
    ],
)
def test_what_it_may_not_do_by_itself_is_left_to_people(
    page: StatusPage, component: Component, pass_to: Any, options: dict[str, bool], expected: str
) -> None:
    incident = scheduled(page, component, **options)
    for hours in range(5):
        pass_to(NOON + hours * HOUR)

    incident.refresh_from_db()
    assert incident.status == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"maintenance.started": True, "maintenance.completed": True}),
        ({"notify_at_start": False}, {"maintenance.started": False, "maintenance.completed": True}),
        ({"notify_at_end": False}, {"maintenance.started": True, "maintenance.completed": False}),
    ],
)
def test_start_and_end_are_told_as_its_options_say(
    page: StatusPage, pass_to: Any, options: dict[str, bool], expected: dict[str, bool]
) -> None:
    incident = scheduled(page, **options)
    pass_to(NOON + 4 * HOUR)

    assert dict(told(incident, name__in=expected)) == expected
    flags = incident.updates.values_list("status", "deliver_notifications")
    assert {f"maintenance.{'started' if one == 'in_progress' else one}": flag for one, flag in flags} == (
        expected | {"maintenance.scheduled": True}
    )


def test_one_that_should_run_already_begins_at_once(page: StatusPage, component: Component) -> None:
    incident = scheduled(page, component, scheduled_for=NOON - HOUR)

    incident.refresh_from_db()
    assert incident.status == "in_progress"
    assert history(component) == [("under_maintenance", NOON - HOUR)]
    assert statuses(incident) == ["in_progress"]
    assert incident.updates.get().body == "New disks."
    assert told(incident) == [("maintenance.started", True)]


# Reminders -----------------------------------------------------------------------------------------


def test_each_reminder_is_sent_once_before_the_start(page: StatusPage, pass_to: Any) -> None:
    start = NOON + timedelta(days=2)
    incident = scheduled(
        page, scheduled_for=start, scheduled_until=start + HOUR, reminders=[3 * 24 * 60, 24 * 60, 60]
    )
    sent = []
    for hours in range(49):
        pass_to(NOON + hours * HOUR)
        sent.append(Event.objects.filter(object_id=incident.pk, name="maintenance.reminder").count())

    assert [hour for hour in range(1, 49) if sent[hour] > sent[hour - 1]] == [24, 47]
    assert (sent[0], sent[-1]) == (0, 2)
    reminder = Event.objects.filter(name="maintenance.reminder").first()
    assert reminder is not None
    assert reminder.notify
    assert reminder.facts is not None
    assert reminder.facts["newest_update"]["body"] == "New disks."


def test_reminders_that_were_missed_are_sent_as_one(page: StatusPage, pass_to: Any) -> None:
    incident = scheduled(page, reminders=[50, 40, 30])
    pass_to(NOON + timedelta(minutes=35))

    assert told(incident, name="maintenance.reminder") == [("maintenance.reminder", True)]


def test_reminders_follow_a_moved_start(page: StatusPage, pass_to: Any) -> None:
    incident = scheduled(page, reminders=[30])
    pass_to(NOON + timedelta(minutes=31))
    edit_maintenance(page, incident, ACTOR, scheduled_for=NOON + 9 * HOUR, scheduled_until=NOON + 10 * HOUR)
    pass_to(NOON + 8 * HOUR)
    assert len(told(incident, name="maintenance.reminder")) == 1

    pass_to(NOON + 8.5 * HOUR)
    assert len(told(incident, name="maintenance.reminder")) == 2


def test_a_person_reminds_only_before_the_start(page: StatusPage) -> None:
    incident = scheduled(page)
    remind(page, incident, ACTOR)
    assert told(incident)[-1] == ("maintenance.reminder", True)

    start_maintenance(page, incident, ACTOR)
    with pytest.raises(Refused, match="has not begun"):
        remind(page, incident, ACTOR)


# By hand -------------------------------------------------------------------------------------------


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


# Cancelling ----------------------------------------------------------------------------------------


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


# Beside others -------------------------------------------------------------------------------------


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


# History -------------------------------------------------------------------------------------------


def test_a_backfilled_one_is_history_and_tells_nobody(page: StatusPage, component: Component) -> None:
    begun, ended = NOON - 30 * HOUR, NOON - 28 * HOUR
    incident = backfill_maintenance(
        page,
        ACTOR,
        "It was planned.",
        name="Disks",
        scheduled_for=begun,
        scheduled_until=ended,
        components=[component.pk],
    )

    assert (incident.status, incident.backfilled) == ("completed", True)
    assert (incident.started_at, incident.resolved_at) == (begun, ended)
    assert history(component) == [("under_maintenance", begun), ("operational", ended)]
    assert not Event.objects.filter(notify=True).exists()
    assert not OutboxItem.objects.filter(topic=MAINTENANCE).exists()


# Refusing ------------------------------------------------------------------------------------------


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
