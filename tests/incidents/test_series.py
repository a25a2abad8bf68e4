"""Maintenance that recurs: which windows are there, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from common.errors import Refused
from common.tenancy import in_tenant
from components.actions import create_component, delete_component
from components.models import Component, StatusChange
from events.models import Event
from incidents.actions.incident import delete_incident
from incidents.actions.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    start_maintenance,
)
from incidents.actions.series import (
    edit_series,
    end_series,
    move_occurrence,
    skip_occurrence,
)
from incidents.models import Incident, MaintenanceSeries
from incidents.windows import MAINTENANCE
from outbox.models import OutboxItem
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR, CANARY
from tests.incidents.conftest import HOUR, NOON
from tests.incidents.notices import BERLIN, WEEK, starts, wall, weekly, windows
from tests.refusals import refusal

pytestmark = pytest.mark.usefixtures("clock")


def test_the_next_three_windows_are_there_and_the_first_is_told_of(
    page: StatusPage, component: Component
) -> None:
    before = page.version
    series = weekly(page, components=[component.pk], reminders=[60], body="We patch.")

    assert starts(series) == ["11-24 02:00", "12-01 02:00", "12-08 02:00"]
    page.refresh_from_db()
    assert page.version == before + 1
    for one in windows(series):
        assert one.name == "Patches"
        assert one.window.scheduled_until - one.window.scheduled_for == 2 * HOUR
        assert one.window.reminders == [60]
        assert one.updates.get().body == "We patch."
        assert [link.component_id for link in one.links.all()] == [component.pk]
    told = Event.objects.filter(name="maintenance.scheduled").values_list("notify", flat=True)
    assert list(told) == [True, False, False]


def test_for_weeks_on_each_window_runs_and_the_next_appears(
    page: StatusPage, component: Component, pass_to: Any
) -> None:
    series = weekly(page, components=[component.pk])
    for week in range(4):
        begin = datetime(2026, 11, 24, 1, tzinfo=UTC) + week * WEEK
        pass_to(begin)
        assert len(windows(series)) == 2
        pass_to(begin + 2 * HOUR)
        assert len(windows(series)) == 3

    changes = StatusChange.objects.filter(component=component)
    assert list(changes.values_list("status", flat=True)) == ["under_maintenance", "operational"] * 4
    assert starts(series) == ["12-22 02:00", "12-29 02:00", "01-05 02:00"]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        # The clock jumps from 02:00 to 03:00 on 28 March 2027.
        (wall("2027-03-21 02:30"), ["01:30", "01:30", "00:30"]),
        (wall("2027-03-21 12:00"), ["11:00", "10:00", "10:00"]),
        # It goes back from 03:00 to 02:00 on 31 October 2027.
        (wall("2027-10-24 02:30"), ["00:30", "00:30", "01:30"]),
        (wall("2027-10-24 12:00"), ["10:00", "11:00", "11:00"]),
    ],
)
def test_windows_keep_to_the_wall_clock_when_it_changes(
    page: StatusPage, first: datetime, expected: list[str]
) -> None:
    series = weekly(page, rule="FREQ=WEEKLY;BYDAY=SU", local_start=first)

    assert [f"{one.window.scheduled_for:%H:%M}" for one in windows(series)] == expected
    assert {one.window.scheduled_until - one.window.scheduled_for for one in windows(series)} == {2 * HOUR}


def test_a_series_may_have_a_zone_of_its_own(page: StatusPage) -> None:
    assert starts(weekly(page, zone="America/New_York"))[0] == "11-24 08:00"


def test_a_series_that_ends_by_its_rule_runs_out(page: StatusPage, pass_to: Any) -> None:
    series = weekly(page, rule="FREQ=WEEKLY;BYDAY=TU;COUNT=2")
    assert starts(series) == ["11-24 02:00", "12-01 02:00"]
    pass_to(NOON + 4 * WEEK)
    pass_to(NOON + 5 * WEEK)

    assert windows(series) == []
    assert Incident.objects.filter(window__series=series, status="completed").count() == 2
    assert not OutboxItem.objects.filter(topic=MAINTENANCE).exists()


@pytest.mark.parametrize("how", ["complete", "cancel", "delete", "skip"])
def test_the_place_of_a_window_that_is_over_is_taken_by_the_next(page: StatusPage, how: str) -> None:
    series = weekly(page)
    first = windows(series)[0]
    if how == "complete":
        start_maintenance(page, first, ACTOR)
        complete_maintenance(page, first, ACTOR)
    elif how == "cancel":
        cancel_maintenance(page, first, ACTOR)
    elif how == "delete":
        delete_incident(page, first, ACTOR)
    else:
        skip_occurrence(page, series, ACTOR, date(2026, 11, 24))

    assert starts(series) == ["12-01 02:00", "12-08 02:00", "12-15 02:00"]


def test_windows_that_nobody_begins_do_not_stop_the_series(page: StatusPage, pass_to: Any) -> None:
    series = weekly(page, auto_start=False)
    for days in range(30):
        pass_to(NOON + timedelta(days=days))

    to_come = [one for one in windows(series) if one.window.scheduled_for > NOON + timedelta(days=29)]
    assert len(to_come) == 3


# Editing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"rule": "FREQ=WEEKLY;BYDAY=WE"}, ["11-25 02:00", "12-02 02:00", "12-09 02:00"]),
        ({"local_start": wall("2026-11-24 23:00")}, ["11-24 23:00", "12-01 23:00", "12-08 23:00"]),
        ({"local_start": wall("2026-12-01 02:00")}, ["12-01 02:00", "12-08 02:00", "12-15 02:00"]),
        ({"rule": "FREQ=DAILY"}, ["11-24 02:00", "11-25 02:00", "11-26 02:00"]),
        ({"rule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261205"}, ["11-24 02:00", "12-01 02:00"]),
        ({"zone": "America/New_York"}, ["11-24 08:00", "12-01 08:00", "12-08 08:00"]),
    ],
)
def test_windows_to_come_follow_a_changed_rule(
    page: StatusPage, fields: dict[str, Any], expected: list[str]
) -> None:
    series = weekly(page)
    before = [one.pk for one in windows(series)]
    version = page.version
    edit_series(page, series, ACTOR, **fields)

    assert starts(series) == expected
    assert [one.pk for one in windows(series)] == before[: len(expected)]
    assert page.version == version + 1
    assert all(one.started_at == one.window.scheduled_for for one in windows(series))
    left_over = Incident.objects.filter(pk__in=before[len(expected) :])
    assert [(one.status, one.window.cancelled) for one in left_over] == [("completed", True)] * len(left_over)
    assert not Event.objects.filter(version=page.version, notify=True).exists()


def test_windows_to_come_follow_everything_else(page: StatusPage, component: Component) -> None:
    series = weekly(page, components=[component.pk], body="We patch.")
    other = create_component(page, ACTOR, name="Web")
    edit_series(
        page,
        series,
        ACTOR,
        name="Updates",
        body="We update.",
        duration=HOUR,
        components=[other.pk],
        auto_complete=False,
        impact_override="minor",
    )

    for one in windows(series):
        assert (one.name, one.shown_impact) == ("Updates", "minor")
        assert one.window.scheduled_until - one.window.scheduled_for == HOUR
        assert not one.window.auto_complete
        assert one.updates.get().body == "We update."
        assert [link.component_id for link in one.links.all()] == [other.pk]
    assert len(windows(series)) == 3


def test_what_was_moved_by_hand_or_has_begun_keeps(page: StatusPage, pass_to: Any) -> None:
    series = weekly(page)
    first, second, third = windows(series)
    pass_to(datetime(2026, 11, 24, 1, 30, tzinfo=UTC))
    edit_maintenance(page, second, ACTOR, scheduled_until=second.window.scheduled_until + HOUR)
    edit_series(page, series, ACTOR, rule="FREQ=WEEKLY;BYDAY=TH", name="Thursdays")

    first.refresh_from_db()
    second.refresh_from_db()
    third.refresh_from_db()
    assert [first.name, second.name, third.name] == ["Patches", "Patches", "Thursdays"]
    assert starts(series) == ["11-26 02:00", "12-01 02:00"]
    pass_to(datetime(2026, 11, 24, 4, tzinfo=UTC))
    assert starts(series) == ["11-26 02:00", "12-01 02:00", "12-03 02:00"]


def test_an_occurrence_moved_by_hand_keeps_its_time(page: StatusPage) -> None:
    series = weekly(page)
    move_occurrence(page, series, ACTOR, date(2026, 12, 1), scheduled_for=NOON + WEEK)
    edit_series(page, series, ACTOR, local_start=wall("2026-11-24 04:00"))

    assert starts(series) == ["11-24 04:00", "11-27 13:00", "12-08 04:00"]


def test_a_rule_that_gives_more_adds_windows(page: StatusPage) -> None:
    series = weekly(page, rule="FREQ=WEEKLY;BYDAY=TU;COUNT=1")
    edit_series(page, series, ACTOR, rule="FREQ=WEEKLY;BYDAY=TU")

    assert starts(series) == ["11-24 02:00", "12-01 02:00", "12-08 02:00"]


def test_editing_nothing_takes_no_version(page: StatusPage) -> None:
    series = weekly(page)
    version = page.version
    edit_series(page, series, ACTOR, name="Patches", duration=2 * HOUR)

    page.refresh_from_db()
    assert page.version == version


def test_ending_calls_off_what_has_not_begun(page: StatusPage, component: Component, pass_to: Any) -> None:
    series = weekly(page, components=[component.pk])
    first = windows(series)[0]
    pass_to(datetime(2026, 11, 24, 1, 30, tzinfo=UTC))
    end_series(page, series, ACTOR)

    assert windows(series) == []
    first.refresh_from_db()
    assert first.status == "in_progress"
    pass_to(NOON + 4 * WEEK)
    first.refresh_from_db()
    assert (first.status, first.window.cancelled) == ("completed", False)
    assert windows(series) == []
    with pytest.raises(Refused, match="has ended"):
        edit_series(page, series, ACTOR, name="Again")


# One occurrence ------------------------------------------------------------------------------------


def test_a_skipped_occurrence_never_takes_place(page: StatusPage, component: Component, pass_to: Any) -> None:
    series = weekly(page, components=[component.pk])
    skip_occurrence(page, series, ACTOR, date(2026, 12, 1))
    skip_occurrence(page, series, ACTOR, date(2026, 12, 29))
    for week in range(8):
        for hours in (0, 2):
            pass_to(datetime(2026, 11, 24, 1, tzinfo=UTC) + week * WEEK + hours * HOUR)

    began = StatusChange.objects.filter(component=component, status="under_maintenance")
    days = [f"{at.astimezone(BERLIN):%m-%d}" for at in began.values_list("at", flat=True)]
    assert days == ["11-24", "12-08", "12-15", "12-22", "01-05", "01-12"]


def test_a_skipped_occurrence_stays_skipped_when_the_hour_changes(page: StatusPage) -> None:
    series = weekly(page)
    skip_occurrence(page, series, ACTOR, date(2026, 12, 1))
    edit_series(page, series, ACTOR, local_start=wall("2026-11-24 04:00"))

    assert starts(series) == ["11-24 04:00", "12-08 04:00", "12-15 04:00"]


@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2026, 12, 29)], ids=["planned", "later"])
def test_a_moved_occurrence_takes_place_at_its_new_time_and_only_then(
    page: StatusPage, component: Component, pass_to: Any, day: date
) -> None:
    series = weekly(page, components=[component.pk])
    moved = datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=2, hours=12)
    incident = move_occurrence(page, series, ACTOR, day, scheduled_for=moved)
    assert incident.window.scheduled_until == moved + 2 * HOUR
    usual = [datetime(2026, 11, 24, 1, tzinfo=UTC) + week * WEEK for week in range(6)]
    for begin in sorted([*usual, moved]):
        for hours in (-1, 0, 2):
            pass_to(begin + hours * HOUR)

    began = StatusChange.objects.filter(component=component, status="under_maintenance")
    at = list(began.values_list("at", flat=True))
    assert sorted(at) == sorted([moved if one.date() == day else one for one in usual])


def test_a_moved_occurrence_can_be_moved_again_and_skipped(page: StatusPage) -> None:
    series = weekly(page)
    day = date(2026, 12, 1)
    for hours in (24, 48):
        move_occurrence(page, series, ACTOR, day, scheduled_for=NOON + WEEK + hours * HOUR)
    assert starts(series) == ["11-24 02:00", "11-29 13:00", "12-08 02:00"]

    skip_occurrence(page, series, ACTOR, day)
    assert starts(series) == ["11-24 02:00", "12-08 02:00", "12-15 02:00"]


def test_a_deleted_component_leaves_the_series(page: StatusPage, component: Component) -> None:
    series = weekly(page, components=[component.pk])
    delete_component(page, component, ACTOR)
    cancel_maintenance(page, windows(series)[0], ACTOR)

    assert windows(series)[-1].links.count() == 0


# Refusing ------------------------------------------------------------------------------------------


BAD: list[dict[str, Any]] = [
    {"name": ""},
    {"rule": "FREQ=HOURLY"},
    {"rule": "each Tuesday"},
    {"rule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261121"},
    {"zone": "Europe/Atlantis"},
    {"duration": timedelta()},
    {"local_start": NOON},
    {"components": ["nosuchthing1"]},
    {"reminders": [0]},
    {"colour": "red"},
]


def test_bad_input_is_refused_and_changes_nothing(page: StatusPage) -> None:
    for fields in BAD:
        assert refusal(weekly, page, **fields), fields
        assert not MaintenanceSeries.objects.exists(), fields


Verb = Callable[[StatusPage, MaintenanceSeries, date], object]


def _skip(page: StatusPage, series: MaintenanceSeries, day: date) -> None:
    skip_occurrence(page, series, ACTOR, day)


def _move(page: StatusPage, series: MaintenanceSeries, day: date) -> None:
    move_occurrence(page, series, ACTOR, day, scheduled_for=NOON + 9 * WEEK)


NOT_TO_COME = {
    "not of the rule": (date(2026, 11, 25), "no occurrence to come"),
    "before the first": (date(2026, 11, 17), "no occurrence to come"),
    "skipped": (date(2026, 12, 15), "no occurrence to come"),
    "begun": (date(2026, 11, 24), "has begun"),
    "deleted": (date(2026, 12, 1), "deleted"),
}


def test_only_an_occurrence_to_come_is_skipped_or_moved(page: StatusPage) -> None:
    series = weekly(page)
    first, second, _third = windows(series)
    skip_occurrence(page, series, ACTOR, date(2026, 12, 15))
    start_maintenance(page, first, ACTOR)
    delete_incident(page, second, ACTOR)
    version = page.version
    for verb, (row, (day, match)) in product((_skip, _move), NOT_TO_COME.items()):
        assert match in str(refusal(verb, page, series, day)), (verb, row)
        page.refresh_from_db()
        assert page.version == version, row


def test_the_other_tenant_stays_as_it_is(page: StatusPage, globex: Tenant, pass_to: Any) -> None:
    series = weekly(page)
    pass_to(NOON + WEEK)
    end_series(page, series, ACTOR)

    assert CANARY not in str(list(Event.objects.values_list("facts", flat=True)))
    with in_tenant(globex.id):
        assert not MaintenanceSeries.objects.exists()
        assert not Incident.objects.maintenance().exists()
