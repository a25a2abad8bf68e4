"""Recurring maintenance in calendars: windows, and the rule for what comes after them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from dateutil.rrule import rrulestr
from icalendar import Calendar

from components.actions import create_component
from components.models import Component
from incidents.actions.series import create_series, edit_series, end_series, move_occurrence, skip_occurrence
from incidents.models import MaintenanceSeries
from incidents.recurrence import occurrences
from incidents.rules import parse
from pages.models import StatusPage
from publishing.rendering import zones
from tests.conftest import ACTOR
from tests.publishing.published import assert_published, drain_publishing, stored

# A clock time that exists once on every day of this zone.
START = datetime(2026, 1, 6, 4, 0)  # noqa: DTZ001 wall-clock time
BERLIN = ZoneInfo("Europe/Berlin")
RULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;INTERVAL=3",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=3,11;BYMONTHDAY=15",
    "FREQ=DAILY;COUNT=700",
    "FREQ=WEEKLY;UNTIL=20270301",
    "FREQ=WEEKLY;UNTIL=20270302T030000Z",
)


def planned(
    page: StatusPage, component: Component | None = None, rule: str = "FREQ=WEEKLY"
) -> MaintenanceSeries:
    return create_series(
        page,
        ACTOR,
        name="Weekly work",
        rule=rule,
        local_start=START,
        duration=timedelta(hours=26),
        components=[component.pk] if component else [],
    )


def told(page: StatusPage, path: str = "/history.ics") -> tuple[list[Any], list[Any]]:
    """The windows, and what is told by rule."""
    drain_publishing()
    found = Calendar.from_ical(stored(page)[path].decode())
    assert not found.errors
    events = found.walk("VEVENT")
    assert not [error for one in events for error in one.errors]
    assert len({str(one["UID"]) for one in events}) == len(events)
    return [one for one in events if "RRULE" not in one], [one for one in events if "RRULE" in one]


def local_starts(event: Any, limit: int) -> list[datetime]:
    """As dateutil reads the event: starts on the wall clock."""
    begins = event["DTSTART"].dt
    rule = rrulestr(event["RRULE"].to_ical().decode(), dtstart=begins)
    skipped = event.get("EXDATE", [])
    out = {one.dt for some in (skipped if isinstance(skipped, list) else [skipped]) for one in some.dts}
    found = []
    for one in rule:
        if one not in out:
            found.append(one.replace(tzinfo=None))
        if len(found) == limit:
            break
    return found


@pytest.mark.parametrize("rule", RULES)
def test_windows_and_rule_together_are_what_is_planned(page: StatusPage, rule: str) -> None:
    series = planned(page, rule=rule)
    windows, [beyond] = told(page)
    now = StatusPage.objects.get(pk=page.pk).version_at
    wanted = [one.original_local for one in occurrences(parse(rule), START, BERLIN, (), now, 400)]
    announced = [one["DTSTART"].dt.astimezone(BERLIN).replace(tzinfo=None) for one in windows]
    found = sorted(announced + local_starts(beyond, 397))

    assert len(windows) == 3
    assert len(wanted) > 10
    assert found[: len(wanted)] == wanted
    assert str(beyond["UID"]).startswith(series.pk)
    assert beyond["DURATION"].dt == timedelta(hours=26)
    assert beyond["DTSTART"].params["TZID"] == "Europe/Berlin"


def test_what_is_skipped_or_moved_is_not_told_by_the_rule(page: StatusPage, component: Component) -> None:
    series = planned(page, component)
    _, [before] = told(page)
    begins, later = local_starts(before, 3)[:2]
    skip_occurrence(page, series, ACTOR, later.date())
    move_occurrence(
        page, series, ACTOR, begins.date(), scheduled_for=begins.replace(tzinfo=UTC) + timedelta(days=1)
    )
    windows, [after] = told(page, f"/components/{component.pk}/history.ics")
    starts = local_starts(after, 5)

    assert not {begins, later} & set(starts)
    assert starts[0] > later
    assert begins + timedelta(days=1) in [one["DTSTART"].dt.replace(tzinfo=None) for one in windows]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] >= before["SEQUENCE"]
    assert_published(page)


def test_a_series_that_is_edited_or_ended_changes_its_components_calendars(
    page: StatusPage, component: Component
) -> None:
    series = planned(page, component)
    path = f"/components/{component.pk}/history.ics"
    _, [before] = told(page, path)
    edit_series(page, series, ACTOR, rule="FREQ=WEEKLY;UNTIL=20400101")
    _, [after] = told(page, path)
    assert (before["UID"], "UNTIL" in before["RRULE"]) == (after["UID"], False)
    assert after["RRULE"]["UNTIL"][0] == datetime(2040, 1, 1, 22, 59, 59, tzinfo=UTC)
    assert_published(page)

    end_series(page, series, ACTOR)
    windows, beyond = told(page, path)
    assert beyond == []
    assert {one["STATUS"] for one in windows} == {"CANCELLED"}
    assert_published(page)


def test_the_last_windows_leave_nothing_to_the_rule(page: StatusPage) -> None:
    today = datetime.now(UTC).date()
    left = (today - START.date()).days // 7 + 3
    planned(page, rule=f"FREQ=WEEKLY;COUNT={left}")

    assert told(page)[1] == []


def test_what_is_restricted_is_told_by_no_rule(page: StatusPage) -> None:
    planned(page, create_component(page, ACTOR, name="Secret thing", restricted=True))
    windows, beyond = told(page)

    assert windows == beyond == []
    assert_published(page)


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Berlin",
        "America/New_York",
        "Africa/Casablanca",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "America/Santiago",
        "Etc/UTC",
    ],
)
def test_a_zone_is_told_as_it_is(name: str) -> None:
    lines = zones.definition(name, 2026)
    read = tz.tzical(StringIO("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]))).get(name)
    assert read is not None
    zone = ZoneInfo(name)
    for day in range(1, 9 * 365, 5):
        local = datetime.combine(date(2026, 1, 1) + timedelta(days=day), START.time())
        assert local.replace(tzinfo=read).utcoffset() == local.replace(tzinfo=zone).utcoffset(), local
