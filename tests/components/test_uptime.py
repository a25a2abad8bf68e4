from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.choices import ComponentStatus
from components.uptime import (
    Day,
    Figure,
    Gap,
    Interval,
    Policy,
    days,
    display,
    explain,
    figure,
    intervals,
    mean,
)
from tests.clocks import work

# A busy machine makes an example slow, not wrong.
UNHURRIED = settings(deadline=None)
NOTHING = timedelta(0)
BERLIN = ZoneInfo("Europe/Berlin")
# The clocks of these zones change inside the span: by an hour, by half an hour, at midnight itself.
ZONES = [BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")]
FIRST, LAST = date(2026, 3, 1), date(2026, 5, 10)
START, END = datetime(2026, 2, 25, tzinfo=UTC), datetime(2026, 5, 15, tzinfo=UTC)

instants = st.datetimes(
    START.replace(tzinfo=None), END.replace(tzinfo=None), timezones=st.just(UTC), allow_imaginary=False
)
histories = st.lists(
    st.tuples(instants, st.sampled_from(ComponentStatus.values)), max_size=12, unique_by=lambda row: row[0]
).map(sorted)
gaps_lists = st.lists(st.builds(Gap, st.none() | instants, st.none() | instants), max_size=3)
weights = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
policies = st.builds(
    Policy,
    weights,
    weights,
    weights,
    st.booleans(),
    st.sampled_from([NOTHING, timedelta(minutes=5), timedelta(days=2)]),
)

History = list[tuple[datetime, str]]


def total(durations: list[timedelta]) -> timedelta:
    return sum(durations, NOTHING)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def hour(number: float) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=number)


@UNHURRIED
@given(histories, gaps_lists)
def test_intervals_cover_the_span_once_and_no_two_neighbours_are_alike(
    changes: History, gaps: list[Gap]
) -> None:
    found = intervals(changes, START, END, gaps)
    assert (found[0].begun, found[-1].ended) == (START, END)
    for one, following in pairwise(found):
        assert one.ended == following.begun
        assert one.status != following.status
    assert all(one.begun < one.ended for one in found)


@UNHURRIED
@given(histories, gaps_lists, instants)
def test_an_interval_says_what_the_changes_and_gaps_say(
    changes: History, gaps: list[Gap], at: datetime
) -> None:
    at = at.replace(microsecond=999_999)
    found = next(one for one in intervals(changes, START, hour(9_000), gaps) if one.begun <= at < one.ended)
    cut = [
        (moment.replace(microsecond=moment.microsecond // 1000 * 1000), status) for moment, status in changes
    ]
    said = ["operational", *(status for moment, status in cut if moment <= at)][-1]
    silent = any((gap.begun or START) <= at and (gap.ended is None or at < gap.ended) for gap in gaps)
    assert found.status == (None if silent else said)


@UNHURRIED
@given(histories, gaps_lists, policies, st.sampled_from(ZONES), instants)
def test_the_days_add_up_to_the_whole_span(
    changes: History, gaps: list[Gap], policy: Policy, zone: ZoneInfo, now: datetime
) -> None:
    found = days(changes, FIRST, LAST, zone, now, gaps, policy)
    end = min(now, midnight(LAST + timedelta(days=1), zone))
    whole = figure(intervals(changes, midnight(FIRST, zone), end, gaps), policy)
    assert total([day.down for day in found]) == whole.down
    assert total([day.measured for day in found]) == whole.measured
    again = figure([one for day in found for one in day.intervals], policy)
    assert again == whole


@UNHURRIED
@given(histories, gaps_lists, policies)
def test_the_reasons_add_up_to_the_figure_exactly(changes: History, gaps: list[Gap], policy: Policy) -> None:
    found = intervals(changes, START, END, gaps)
    assert total([reason.counted for reason in explain(found, policy)]) == figure(found, policy).down
    for day in days(changes, FIRST, LAST, BERLIN, END, gaps, policy):
        assert total([reason.counted for reason in day.reasons]) == day.down
        assert total([one.length for one in day.intervals if one.status]) == day.measured


@UNHURRIED
@given(histories, gaps_lists, policies)
def test_a_time_without_data_is_never_down_and_never_in_the_divisor(
    changes: History, gaps: list[Gap], policy: Policy
) -> None:
    policy = replace(policy, minimum=NOTHING)
    known = figure(intervals(changes, START, END), policy)
    found = intervals(changes, START, END, gaps)
    partly = figure(found, policy)
    silent = total([one.length for one in found if one.status is None])
    assert partly.measured == known.measured - silent
    assert partly.down <= known.down
    assert all(reason.interval.status is not None for reason in explain(found, policy))


@UNHURRIED
@given(histories)
def test_silence_over_every_outage_leaves_a_hundred_percent(changes: History) -> None:
    troubles = [one for one in intervals(changes, START, END) if one.status != "operational"]
    silences = [Gap(one.begun, one.ended) for one in troubles]
    assert figure(intervals(changes, START, END, silences), Policy(1, 1, 1)).percent in (100.0, None)


@UNHURRIED
@given(histories, gaps_lists, policies)
def test_a_percentage_lies_between_the_bounds_of_the_weights(
    changes: History, gaps: list[Gap], policy: Policy
) -> None:
    found = intervals(changes, START, END, gaps)
    shown = figure(found, policy)
    best, worst = figure(found, Policy(0, 0, 0)), figure(found, Policy(1, 1, 1, maintenance_counts=True))
    assert best.down == NOTHING
    assert worst.down == total([one.length for one in found if one.status not in (None, "operational")])
    assert best.down <= shown.down <= worst.down <= shown.measured
    if shown.percent is None:
        assert shown.measured == NOTHING
    else:
        assert 0 <= (worst.percent or 0) <= shown.percent <= 100
        assert (shown.percent == 100) == (shown.down == NOTHING)


@UNHURRIED
@given(histories, gaps_lists, st.sampled_from(ZONES), instants)
def test_a_day_shows_the_worst_that_was_seen_on_it(
    changes: History, gaps: list[Gap], zone: ZoneInfo, now: datetime
) -> None:
    for day in days(changes, FIRST, LAST, zone, now, gaps, Policy()):
        seen = [one.status for one in day.intervals if one.status is not None]
        assert day.status == (ComponentStatus.worst(seen) if seen else None)
        assert (day.percent is None) == (not seen)
        for one in day.intervals:
            assert midnight(day.date, zone) <= one.begun
            assert one.ended <= min(now, midnight(day.date + timedelta(days=1), zone))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Europe/Berlin", date(2026, 7, 1), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
@pytest.mark.parametrize("status", ["operational", "major_outage"])
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, day: date, hours: float, status: str) -> None:
    changes = [(datetime(2000, 1, 1, tzinfo=UTC), status)]
    around, now = timedelta(days=1), datetime(2030, 1, 1, tzinfo=UTC)
    _, found, _ = days(changes, day - around, day + around, ZoneInfo(zone), now, [], Policy())
    assert found.measured == timedelta(hours=hours)
    assert found.down == (found.measured if status == "major_outage" else NOTHING)
    assert found.status == (status if hours else None)


def test_the_rest_of_today_and_the_days_to_come_are_not_measured() -> None:
    now = datetime(2026, 3, 2, 6, tzinfo=UTC)
    changes = [(hour(24), "major_outage"), (hour(27), "operational")]
    past, today, tomorrow = days(
        changes, date(2026, 3, 1), date(2026, 3, 3), ZoneInfo("UTC"), now, [], Policy()
    )
    assert (past.measured, past.percent, past.status) == (timedelta(hours=24), 100.0, "operational")
    assert (today.measured, today.down, today.percent) == (timedelta(hours=6), timedelta(hours=3), 50.0)
    assert (tomorrow.measured, tomorrow.percent, tomorrow.status) == (NOTHING, None, None)
    assert tomorrow.intervals == ()


def test_a_day_shows_what_begins_on_it_at_this_very_moment() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    changes = [(now, "major_outage")]
    found = days(changes, date(2026, 3, 1), date(2026, 3, 3), ZoneInfo("UTC"), now, [], Policy())
    assert [one.status for one in found] == ["operational", "major_outage", None]
    assert [one.percent for one in found] == [100, 100, None]
    silent = days(
        changes,
        date(2026, 3, 1),
        date(2026, 3, 3),
        ZoneInfo("UTC"),
        now,
        [Gap(now.replace(hour=6), None)],
        Policy(),
    )
    assert silent[1].status == "operational"


def test_days_wholly_in_the_future_are_empty() -> None:
    found = days([], FIRST, LAST, BERLIN, datetime(2026, 1, 1, tzinfo=UTC), [], Policy())
    assert len(found) == 71
    assert {(day.percent, day.status, day.measured) for day in found} == {(None, None, NOTHING)}


@pytest.mark.parametrize(
    ("status", "policy", "down"),
    [
        ("operational", Policy(), 0),
        ("major_outage", Policy(), 10),
        ("partial_outage", Policy(), 3),
        ("degraded_performance", Policy(), 0),
        ("degraded_performance", Policy(degraded=0.5), 5),
        ("degraded_performance", Policy(degraded=0.125), 1.25),
        ("under_maintenance", Policy(), 0),
        ("under_maintenance", Policy(maintenance_counts=True), 10),
        ("under_maintenance", Policy(major=0.5, maintenance_counts=True), 5),
        ("major_outage", Policy(minimum=timedelta(hours=10)), 10),
        ("major_outage", Policy(minimum=timedelta(hours=10, milliseconds=1)), 0),
    ],
)
def test_ten_hours_of_a_status_weigh_what_the_policy_says(status: str, policy: Policy, down: float) -> None:
    found = intervals([(hour(0), status), (hour(10), "operational")], hour(0), hour(100))
    assert figure(found, policy) == Figure(100.0 - down, timedelta(hours=down), timedelta(hours=100))


def test_an_outage_over_midnight_is_judged_as_one() -> None:
    changes = [(hour(23.5), "partial_outage"), (hour(23.9), "major_outage"), (hour(24.5), "operational")]

    def judged(minimum: timedelta) -> list[Day]:
        first, last, policy = date(2026, 3, 1), date(2026, 3, 2), Policy(minimum=minimum)
        return days(changes, first, last, ZoneInfo("UTC"), hour(48), [], policy)

    counted, excused = judged(timedelta(hours=1)), judged(timedelta(hours=1, seconds=1))
    assert counted == judged(NOTHING)
    assert [day.down for day in excused] == [NOTHING, NOTHING]
    assert [day.status for day in excused] == ["major_outage", "major_outage"]
    assert [reason.weight for day in excused for reason in day.reasons] == [0, 0, 0]


def test_what_weighs_nothing_parts_two_outages() -> None:
    changes = [
        (hour(1), "major_outage"),
        (hour(2), "degraded_performance"),
        (hour(3), "major_outage"),
        (hour(5), "operational"),
    ]
    policy = Policy(minimum=timedelta(hours=2))
    assert figure(intervals(changes, hour(0), hour(10)), policy).down == timedelta(hours=2)


def test_a_change_of_words_alone_does_not_cut_an_interval() -> None:
    changes = [(hour(1), "major_outage"), (hour(2), "major_outage"), (hour(3), "operational")]
    assert intervals(changes, hour(0), hour(3)) == [
        Interval(hour(0), hour(1), "operational"),
        Interval(hour(1), hour(3), "major_outage"),
    ]


def test_the_newest_change_before_the_span_holds_at_its_start() -> None:
    changes = [(hour(-9), "partial_outage"), (hour(-5), "major_outage")]
    assert intervals(changes, hour(0), hour(1)) == [Interval(hour(0), hour(1), "major_outage")]


def test_an_empty_span_has_no_intervals_and_no_percentage() -> None:
    assert intervals([(hour(0), "major_outage")], hour(1), hour(1), [Gap(None, None)]) == []
    assert figure([], Policy()) == Figure(None, NOTHING, NOTHING)


def test_a_group_is_the_mean_of_those_that_were_measured() -> None:
    def measured(percent: float | None) -> Figure:
        return Figure(percent, NOTHING, NOTHING)

    assert mean([measured(100.0), measured(None), measured(99.0)]) == 99.5
    assert mean([measured(None)]) is None
    assert mean([]) is None


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (100.0, "100"),
        (99.99999999, "99.99"),
        (99.996, "99.99"),
        (99.99, "99.99"),
        (99.9, "99.90"),
        (99.98, "99.98"),
        (0.009, "0.00"),
        (1e-9, "0.00"),
        (0.0, "0.00"),
    ],
)
def test_a_percentage_is_cut_to_two_decimals(percent: float, text: str) -> None:
    assert display(percent) == text


@UNHURRIED
@given(st.integers(1, 90 * 86_400_000))
def test_only_a_span_without_any_down_time_is_shown_as_a_hundred(milliseconds: int) -> None:
    ended = hour(0) + timedelta(milliseconds=milliseconds)
    found = intervals([(hour(0), "major_outage"), (ended, "operational")], hour(0), hour(24 * 90))
    percent = figure(found, Policy()).percent
    assert percent is not None
    assert display(percent) != "100"
    crowd = [Figure(100.0, NOTHING, timedelta(days=90))] * 999
    assert display(mean([*crowd, figure(found, Policy())]) or 0) != "100"


def typical_component(random: Random, now: datetime) -> History:
    changes: History = []
    for _ in range(3):
        begun = now - timedelta(minutes=random.uniform(200, 120 * 1440))
        changes.append((begun, random.choice(["major_outage", "partial_outage", "under_maintenance"])))
        changes.append((begun + timedelta(minutes=random.uniform(1, 200)), "operational"))
    return sorted(changes)


def test_ninety_days_of_a_hundred_components_take_less_than_fifty_milliseconds() -> None:
    random, now = Random(3), datetime(2026, 5, 20, 15, tzinfo=UTC)
    components = [typical_component(random, now) for _ in range(100)]
    gaps = [Gap(None, now - timedelta(days=85))]

    def all_of_them() -> None:
        for changes in components:
            assert len(days(changes, date(2026, 2, 20), date(2026, 5, 20), BERLIN, now, gaps, Policy())) == 90

    assert work(all_of_them) < 0.05
