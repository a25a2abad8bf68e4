"""What a page says of its past: as corrected, as cancelled, as known."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from components.actions import correct_history, create_component, set_status, update_component
from components.models import Component, DataGap
from incidents.actions.incident import backfill_incident, delete_incident, open_incident, post_update
from incidents.actions.maintenance import cancel_maintenance, schedule_maintenance
from incidents.models import Incident
from incidents.steps import Words
from pages.actions import pass_time
from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.building import calendar
from publishing.snapshot import DayView, IncidentView, YearMonth
from tests.conftest import ACTOR
from tests.publishing.published import assert_published, drain_publishing, stored

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
REASON = "The probe was at fault."


def noon(days_ago: int) -> datetime:
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - days_ago * DAY


def builder(page: StatusPage) -> Builder:
    return Builder(StatusPage.objects.get(pk=page.pk), public_view(page))


def component(page: StatusPage) -> Component:
    return create_component(page, ACTOR, name="API", start_date=(noon(80)).date())


def outage(page: StatusPage, one: Component, status: str = "major_outage") -> Incident:
    return backfill_incident(
        page,
        ACTOR,
        name="Slow",
        started_at=noon(40),
        resolved_at=noon(40) + 2 * HOUR,
        body="It was DNS.",
        components={one.pk: status},
    )


def correct(page: StatusPage, one: Component, begun: datetime, ended: datetime, status: str) -> None:
    correct_history(page, one, ACTOR, begun=begun, ended=ended, status=status, reason=REASON)


def days_of(page: StatusPage, month: YearMonth) -> dict[date, DayView]:
    rows = builder(page).uptime_month(month).groups[0].rows
    return {day.date: day for day in rows[0].uptime.days}


def month_of(at: datetime) -> YearMonth:
    return YearMonth(at.year, at.month)


def view_of(page: StatusPage, incident: Incident) -> IncidentView:
    return builder(page).incidents([incident.pk])[0][0]


CORRECTIONS = {
    "the whole outage": (timedelta(), 2 * HOUR, "operational"),
    "its second half": (HOUR, 2 * HOUR, "operational"),
    "to what it was": (HOUR, 2 * HOUR, "major_outage"),
    "to less": (timedelta(), 2 * HOUR, "degraded_performance"),
    "an hour that was fine": (-3 * HOUR, -2 * HOUR, "operational"),
}


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_correction_is_shown_with_its_reason_wherever_it_counts(page: StatusPage, name: str) -> None:
    after, until, status = CORRECTIONS[name]
    one, begun = component(page), noon(40)
    outage(page, one)
    correct(page, one, begun + after, begun + until, status)

    day = days_of(page, month_of(begun))[begun.date()]
    assert day.corrections == (REASON,)
    told = [view for view in day.intervals if view.reason]
    assert [(view.began, view.ended, view.status) for view in told] == [
        (begun + after, begun + until, status)
    ]
    changes = builder(page).component_pages([one.pk])[0].changes
    assert [(view.status, view.reason) for view in changes if view.reason] == [(status, REASON)]


def test_the_parts_of_a_day_cover_what_was_not_operational_once(page: StatusPage) -> None:
    one, begun = component(page), noon(40)
    outage(page, one)
    correct(page, one, begun + HOUR / 2, begun + HOUR, "major_outage")

    day = days_of(page, month_of(begun))[begun.date()]
    assert [(view.source, view.seconds) for view in day.intervals] == [
        ("incident", 1800),
        ("correction", 1800),
        ("incident", 3600),
    ]
    assert sum(view.seconds for view in day.intervals) == dict(day.seconds)["major_outage"] == 7200


@pytest.mark.parametrize("name", CORRECTIONS)
def test_an_incident_and_uptime_agree_on_its_downtime(page: StatusPage, name: str) -> None:
    after, until, status = CORRECTIONS[name]
    one, begun = component(page), noon(40)
    incident = outage(page, one)
    correct(page, one, begun + after, begun + until, status)

    (time,) = view_of(page, incident).affected
    day = days_of(page, month_of(begun))[begun.date()]
    assert time.seconds == sum(seconds for _, seconds in day.seconds)
    weighed = sum(view.seconds * float(view.weight or 0) for view in day.intervals)
    assert time.down == weighed
    assert time.corrections == ((REASON,) if until > timedelta() else ())


def test_a_correction_reaches_the_incident_that_it_corrects(page: StatusPage) -> None:
    one = component(page)
    incident = outage(page, one)
    drain_publishing()
    assert b"of downtime" in stored(page)[f"/incidents/{incident.pk}"]
    correct(page, one, noon(40), noon(40) + 2 * HOUR, "operational")
    drain_publishing()

    assert_published(page)
    assert REASON.encode() in stored(page)[f"/incidents/{incident.pk}"]
    assert b"of downtime" not in stored(page)[f"/incidents/{incident.pk}"]


def test_what_a_deleted_incident_said_stays_and_a_correction_takes_it_back(page: StatusPage) -> None:
    one, begun = component(page), noon(40)
    incident = outage(page, one)
    # Another keeps the month on the page.
    outage(page, create_component(page, ACTOR, name="Other"))
    drain_publishing()
    delete_incident(page, incident, ACTOR)
    drain_publishing()

    assert_published(page)
    assert f"/incidents/{incident.pk}" not in stored(page)
    day = days_of(page, month_of(begun))[begun.date()]
    assert [(view.source, view.cause, view.deleted) for view in day.intervals] == [("incident", None, True)]
    assert float(day.percent) < 100
    uptime = stored(page)[f"/uptime/{calendar.name(month_of(begun))}"].decode()
    assert "Incident (deleted)" in uptime

    correct(page, one, begun, begun + 2 * HOUR, "operational")
    assert float(days_of(page, month_of(begun))[begun.date()].percent) == 100


def test_degraded_is_no_downtime_and_an_end_is_no_current_status(page: StatusPage) -> None:
    one = component(page)
    incident = view_of(page, outage(page, one, "degraded_performance"))

    assert [(time.worst, time.seconds, time.down) for time in incident.affected] == [
        ("degraded_performance", 7200, 0)
    ]
    assert [(view.new, view.worst) for view in incident.components] == [("", "degraded_performance")]


def test_what_an_end_leaves_behind_is_told_in_the_past(page: StatusPage) -> None:
    one = component(page)
    words = Words("investigating", "Looking.", components={one.pk: "major_outage"})
    incident = open_incident(page, ACTOR, words, name="Slow")
    assert [view.new for view in view_of(page, incident).components] == ["major_outage"]
    post_update(page, incident, ACTOR, Words("resolved", "Over.", components={one.pk: "major_outage"}))

    assert [view.new for view in view_of(page, incident).components] == [""]


def test_what_was_cancelled_stands_in_history_where_it_was_planned(page: StatusPage) -> None:
    begin = timezone.now() + 40 * DAY
    one = component(page)
    incident = schedule_maintenance(
        page, ACTOR, name="New", scheduled_for=begin, scheduled_until=begin + HOUR, components=[one.pk]
    )
    cancel_maintenance(page, incident, ACTOR)

    planned = builder(page).month(month_of(begin)).days
    assert [(day.date, [view.id for view in day.incidents]) for day in planned] == [
        (begin.date(), [incident.pk])
    ]
    assert not builder(page).month(month_of(timezone.now())).days
    assert not [day for day in builder(page).snapshot().recent if day.incidents]
    shown = view_of(page, incident)
    assert shown.cancelled
    assert shown.seconds is None


def test_days_of_an_open_incident_and_days_without_data_say_so(page: StatusPage) -> None:
    words = Words("investigating", "Looking.")
    incident = open_incident(page, ACTOR, words, name="Slow")
    Incident.objects.filter(pk=incident.pk).update(started_at=noon(3))
    StatusPage.objects.filter(pk=page.pk).update(created_at=noon(6))
    DataGap.objects.create(page=page, begun=noon(6), ended=noon(4))

    recent = builder(page).snapshot().recent
    assert [bool(day.ongoing) for day in recent[:7]] == [True] * 4 + [False] * 3
    assert [day.is_known for day in recent[:8]] == [True] * 5 + [False] * 3


def test_time_that_passes_is_no_change(page: StatusPage) -> None:
    one = component(page)
    set_status(page, {one.pk: "degraded_performance"}, ACTOR)
    changed = builder(page).now
    pass_time(page)

    assert builder(page).now > changed
    assert builder(page).snapshot().changed_at == changed


def test_a_component_says_where_its_history_begins(page: StatusPage) -> None:
    create_component(page, ACTOR, name="API")
    now = builder(page)
    (group,) = now.snapshot().groups
    assert group.components[0].uptime is not None
    assert group.components[0].uptime.begins == timezone.now().date()
    (row,) = now.uptime_month(YearMonth(2020, 1)).groups[0].rows
    assert row.uptime.begins is None


def test_months_reach_back_to_where_the_first_component_is_measured(page: StatusPage) -> None:
    one = component(page)
    outage(page, one)
    drain_publishing()
    assert f"/uptime/{noon(80):%Y-%m}" in stored(page)

    update_component(page, one, ACTOR, start_date=noon(200).date())
    drain_publishing()
    assert f"/uptime/{noon(200):%Y-%m}" in stored(page)
    assert_published(page)

    update_component(page, one, ACTOR, start_date=noon(10).date())
    drain_publishing()
    assert f"/uptime/{noon(200):%Y-%m}" not in stored(page)
    assert_published(page)


def test_components_of_which_there_is_nothing_to_tell_have_the_days_that_each_alone_would_have(
    page: StatusPage,
) -> None:
    old, older = component(page), component(page)
    outage(page, older)
    create_component(page, ACTOR, name="New")
    create_component(page, ACTOR, name="Odd", start_date=noon(200).date(), minimum_outage=HOUR)
    set_status(page, {old.pk: "major_outage"}, ACTOR)
    set_status(page, {old.pk: "operational"}, ACTOR)
    DataGap.objects.create(page=page, begun=noon(20), ended=noon(18))
    now = builder(page)
    for days in (10, 30, 90):
        first, last = noon(days).date(), noon(0).date()
        histories = now._histories(first)
        for one in now.components:
            alone = histories._uptime(one, first, last, now.now, explained=True)
            assert histories.uptime(one, first, last, now.now, explained=True) == alone
