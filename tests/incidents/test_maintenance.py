"""Announced work: its own clock, reminders, and its place in the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.errors import Refused
from components.actions import set_status
from components.models import Component
from events.models import Event
from incidents.actions.maintenance import (
    backfill_maintenance,
    edit_maintenance,
    post_maintenance_update,
    remind,
    start_maintenance,
)
from incidents.steps import Words
from incidents.windows import MAINTENANCE
from outbox.models import OutboxItem
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON, Clock
from tests.incidents.notices import history, scheduled, status_of, statuses, told

pytestmark = pytest.mark.usefixtures("clock")


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


def test_an_end_that_is_late_is_not_before_the_newest_word(
    page: StatusPage, component: Component, clock: Clock, pass_to: Any
) -> None:
    incident = scheduled(page, component)
    pass_to(NOON + HOUR)
    clock.move_to(NOON + 3.5 * HOUR, tick=False)
    post_maintenance_update(page, incident, ACTOR, Words("verifying", "A moment more."))
    pass_to(NOON + 4 * HOUR)

    incident.refresh_from_db()
    assert incident.resolved_at == NOON + 3.5 * HOUR
    assert statuses(incident)[-1] == "completed"
    assert history(component)[-1] == ("operational", NOON + 3.5 * HOUR)


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


# Reminders ------------------------------------------------------------------------------------------


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


def test_a_reminder_that_a_move_makes_late_is_not_sent(page: StatusPage, pass_to: Any) -> None:
    """Whoever moves the window decides whether that is told."""
    incident = scheduled(
        page, scheduled_for=NOON + 9 * HOUR, scheduled_until=NOON + 10 * HOUR, reminders=[60]
    )
    pass_to(NOON + 2 * HOUR)
    edit_maintenance(page, incident, ACTOR, scheduled_for=NOON + 2.5 * HOUR)
    pass_to(NOON + 2.4 * HOUR)

    assert told(incident) == [("maintenance.scheduled", True), ("maintenance.edited", False)]


def test_a_person_reminds_only_before_the_start(page: StatusPage) -> None:
    incident = scheduled(page)
    remind(page, incident, ACTOR)
    assert told(incident)[-1] == ("maintenance.reminder", True)

    start_maintenance(page, incident, ACTOR)
    with pytest.raises(Refused, match="has not begun"):
        remind(page, incident, ACTOR)


# History --------------------------------------------------------------------------------------------


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
