"""The row of days: every day in it once, each status in a shape of its own, and the same in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.choices import ComponentStatus
from publishing import bars
from publishing.snapshot import DayView, IncidentRef, UptimeView

FIRST = date(2026, 8, 22)
STATUSES = (*ComponentStatus.values, None)
CLASSES = {shape[0]: status for status, shape in bars.SHAPES.items()}


def uptime(statuses: dict[int, str | None], length: int = 90) -> UptimeView:
    days = tuple(DayView(FIRST + timedelta(days=index), status) for index, status in sorted(statuses.items()))
    return UptimeView(FIRST, length, "99.9", days)


def drawn(svg: str) -> dict[int, str | None]:
    """Read the strokes back: which day has which shape."""
    found: dict[int, str | None] = {}
    for kind, path in re.findall(r'<path[^>]*class="(\w)" d="([^"]*)"', svg):
        at = 0
        for command, x in re.findall(r"([Mm])(\d+) \d+v-\d+", path):
            at = int(x) if command == "M" else at + int(x)
            assert at // bars.PITCH not in found
            found[at // bars.PITCH] = CLASSES[kind]
    return found


days = st.dictionaries(st.integers(0, 89), st.sampled_from([s for s in STATUSES if s != "operational"]))


@given(days)
def test_every_day_is_drawn_once_with_its_own_status(statuses: dict[int, str | None]) -> None:
    svg = bars.svg(uptime(statuses)) if statuses else bars.calm([90])
    assert drawn(svg) == {index: statuses.get(index, "operational") for index in range(90)}


def test_a_calm_row_refers_to_one_shape_of_its_length() -> None:
    assert '<use href="#calm90"/>' in bars.svg(uptime({}))
    shapes = bars.calm([90, 30, 90]).split("<path")[1:]
    assert [len(drawn("<path" + shape)) for shape in shapes] == [30, 90]


def test_no_two_statuses_look_alike_without_colour() -> None:
    rises = {status: int(shape[1]) for status, shape in bars.SHAPES.items() if status != "under_maintenance"}
    assert len(set(rises.values())) == len(rises)
    worse = ("operational", "degraded_performance", "partial_outage", "major_outage")
    assert [rises[status] for status in worse] == sorted(rises[status] for status in worse)


@given(days)
def test_every_day_with_something_to_tell_is_in_the_words(statuses: dict[int, str | None]) -> None:
    lines = str(bars.bar(uptime(statuses), "cmp000000001").lines)
    told: set[int] = set()
    for begin, end in re.findall(r'data-i="(\d+)"(?: data-to="(\d+)")?', lines):
        told |= set(range(int(begin), int(end or begin) + 1))
    assert told == statuses.keys()


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ({}, ""),
        ({3: "major_outage"}, "1 day with problems"),
        (
            {3: "major_outage", 4: None, 5: "under_maintenance", 9: "degraded_performance"},
            "2 days with problems",
        ),
        ({3: "under_maintenance", 4: None}, "1 day with maintenance"),
        ({3: None, 4: None}, "2 days without data"),
    ],
)
def test_a_row_is_summed_up_by_the_worst_it_has(statuses: dict[int, str | None], words: str) -> None:
    assert bars.label(uptime(statuses)) == words


@pytest.mark.parametrize(
    ("silent", "begins", "words"),
    [
        (range(89), 89, "New: its history begins on 19 Nov"),
        (range(90), 89, "New: its history begins on 19 Nov"),
        (range(66), 66, "Its history begins on 27 Oct"),
        ((*range(66), 70), 66, "67 days without data"),
        (range(90), None, "90 days without data"),
    ],
)
def test_days_before_the_beginning_are_no_fault(
    silent: Iterable[int], begins: int | None, words: str
) -> None:
    row = uptime(dict.fromkeys(silent))
    first = None if begins is None else FIRST + timedelta(days=begins)
    assert bars.label(replace(row, begins=first)) == words


def test_a_corrected_day_says_why_though_it_was_operational() -> None:
    day = DayView(date(2026, 9, 1), "operational", "100", corrections=("The <b>probe</b> was at fault.",))
    row = UptimeView(FIRST, 90, "100", (day,))
    assert bars.label(row) == "1 corrected day"
    lines = str(bars.bar(row, "cmp000000001").lines)
    assert "<span>Operational; corrected: “The &lt;b&gt;probe&lt;/b&gt; was at fault.”</span>" in lines


def test_a_line_names_durations_causes_and_the_explanation() -> None:
    cause = IncidentRef("abc123abc123", "<b>Failover</b>")
    day = DayView(
        date(2026, 9, 1),
        "major_outage",
        "97.64",
        (("major_outage", 2040), ("partial_outage", 7260)),
        (cause,),
    )
    lines = str(bars.bar(UptimeView(FIRST, 90, "99.9", (day,)), "cmp000000001").lines)
    assert '<a href="/uptime/2026-09#c-cmp000000001">1 Sep</a>' in lines
    assert "Major outage 34 min, Partial outage 2 h 1 min" in lines
    assert '<a href="/incidents/abc123abc123">&lt;b&gt;Failover&lt;/b&gt;</a>' in lines


@given(st.lists(days, min_size=1, max_size=4))
def test_a_group_shows_the_worst_of_each_day(rows: list[dict[int, str | None]]) -> None:
    whole = bars.worst_of(uptime(row) for row in rows)
    assert whole is not None
    shown = {(day.date - FIRST).days: day.status for day in whole.days}
    for index in range(90):
        statuses = [row.get(index, "operational") for row in rows]
        known = [status for status in statuses if status]
        assert shown.get(index, "operational") == (ComponentStatus.worst(known) if known else None)


def test_a_group_without_rows_has_no_row() -> None:
    assert bars.worst_of([]) is None
