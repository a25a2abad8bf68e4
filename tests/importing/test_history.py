from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importing.documents import Affected, SourceComponent, SourceNotice, SourceUpdate
from importing.folder import read_folder
from importing.history import said_by, said_now
from importing.shift import shifted, weeks_until_recent
from tests.examples import examples
from tests.importing.server import RECORDED

START = datetime(2026, 1, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def update(hours: float, status: str = "investigating", **statuses: str) -> SourceUpdate:
    at = START + hours * HOUR
    affected = tuple(Affected(one, one, "operational", to) for one, to in statuses.items())
    return SourceUpdate(f"u{hours}", status, "", at, at, at, affected=affected)


def notice(
    *updates: SourceUpdate, impact: str = "minor", ended: float | None = 5, **values: object
) -> SourceNotice:
    resolved = None if ended is None else START + ended * HOUR
    fixed = {
        "id": "i1",
        "name": "One",
        "maintenance": False,
        "status": "resolved" if resolved else "investigating",
        "impact": impact,
        "created_at": START,
        "updated_at": START,
        "started_at": START,
        "monitoring_at": None,
        "resolved_at": resolved,
        "shortlink": "",
        "components": (("c1", "c1"), ("c2", "c2")),
        "updates": updates,
    }
    return SourceNotice(**fixed | values)  # type: ignore[arg-type]


def spans(one: SourceNotice, *components: str) -> list[tuple[str, str, float, float | None]]:
    found = said_by(one, components or ("c1", "c2"))
    return [
        (
            said.component_id,
            said.status,
            (said.begun - START) / HOUR,
            said.ended and (said.ended - START) / HOUR,
        )
        for said in found
    ]


@pytest.mark.parametrize(
    ("impact", "status"),
    [("minor", "degraded_performance"), ("major", "partial_outage"), ("critical", "major_outage")],
)
def test_without_statuses_each_component_has_that_of_the_impact_from_start_to_end(
    impact: str, status: str
) -> None:
    one = notice(update(0), update(5, "resolved"), impact=impact)
    assert spans(one) == [("c1", status, 0, 5), ("c2", status, 0, 5)]
    assert all(said.derived for said in said_by(one, ["c1"]))


def test_an_impact_of_none_says_nothing_of_components() -> None:
    assert spans(notice(update(0), impact="none")) == []


def test_an_open_incident_says_so_until_further_notice() -> None:
    assert spans(notice(update(0), ended=None), "c1") == [("c1", "degraded_performance", 0, None)]


def test_only_known_components_are_spoken_of() -> None:
    assert spans(notice(update(0)), "c2") == [("c2", "degraded_performance", 0, 5)]


def test_statuses_that_updates_name_hold_from_update_to_update_and_nothing_is_derived() -> None:
    one = notice(
        update(1, c1="partial_outage"),
        update(2, c1="major_outage", c2="degraded_performance"),
        update(3, c1="operational"),
    )
    assert spans(one) == [
        ("c1", "partial_outage", 1, 2),
        ("c1", "major_outage", 2, 3),
        ("c1", "operational", 3, 5),
        ("c2", "degraded_performance", 2, 5),
    ]
    assert not any(said.derived for said in said_by(one, ["c1", "c2"]))


def test_of_two_statuses_at_one_instant_the_later_update_holds() -> None:
    one = notice(update(1, c1="partial_outage"), update(1, c1="major_outage"))
    assert spans(one) == [("c1", "major_outage", 1, 5)]


def test_a_backfilled_incident_begins_with_its_first_update() -> None:
    one = notice(update(-30), update(-28, "resolved"), started_at=START, resolved_at=START - 28 * HOUR)
    assert spans(one, "c1") == [("c1", "degraded_performance", -30, -28)]


@pytest.mark.parametrize(
    ("status", "updates", "expected"),
    [
        ("scheduled", [update(-9, "scheduled")], []),
        (
            "in_progress",
            [update(-9, "scheduled"), update(1, "in_progress")],
            [("c1", "under_maintenance", 1, None)],
        ),
        (
            "completed",
            [update(-9, "scheduled"), update(1, "in_progress"), update(3, "completed")],
            [("c1", "under_maintenance", 1, 3)],
        ),
        ("completed", [], [("c1", "under_maintenance", 0, 3)]),
    ],
)
def test_a_window_is_maintenance_from_its_start_to_its_completion(status, updates, expected) -> None:
    one = notice(
        *updates,
        maintenance=True,
        impact="maintenance",
        status=status,
        resolved_at=START + 3 * HOUR if status == "completed" else None,
        created_at=START - 9 * HOUR,
        started_at=START - 9 * HOUR,
        scheduled_for=START,
        scheduled_until=START + 4 * HOUR,
    )
    assert spans(one, "c1") == expected


@pytest.mark.parametrize(
    ("listed", "ended", "expected"),
    [
        ("operational", 5, []),
        ("partial_outage", 5, ["partial_outage"]),
        ("degraded_performance", None, []),
        ("operational", None, ["operational"]),
    ],
)
def test_what_the_page_lists_and_no_notice_says_is_a_setting(listed, ended, expected) -> None:
    said = said_by(notice(update(0), ended=ended), ["c1"])
    found = said_now([SourceComponent("c1", "c1", listed, updated_at=START - HOUR)], said, START)
    assert [one.status for one in found] == expected
    assert all(one.begun >= START - HOUR and one.ended is None for one in found)


instants = st.floats(-100, 100).map(lambda hours: START + hours * HOUR)
words = st.sampled_from(["operational", "partial_outage", "major_outage"])


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.sampled_from(["c1", "c2"]), words | st.none()), max_size=8),
    instants,
    st.none() | instants,
)
def test_whatever_the_times_statements_end_after_they_begin_and_at_most_one_is_live(
    told, started, resolved
) -> None:
    updates = [
        update(at, **({one: to} if to else {})) for at, one, to in sorted(told, key=lambda told: told[0])
    ]
    status = "resolved" if resolved else "monitoring"
    said = said_by(notice(*updates, started_at=started, resolved_at=resolved, status=status), ["c1", "c2"])
    assert all(one.ended is None or one.begun < one.ended for one in said)
    live = [one.component_id for one in said if one.ended is None]
    assert len(live) == len(set(live))
    assert not (resolved and live)


RECORDED_SOURCE = read_folder(RECORDED)
LAST = max(one.ended_at for one in RECORDED_SOURCE.notices if one.ended_at)


@pytest.mark.parametrize("weeks", [-300, 0, 1, 13])
def test_a_shift_moves_every_time_by_whole_weeks_and_changes_nothing_else(weeks: int) -> None:
    moved, by = shifted(RECORDED_SOURCE, weeks), timedelta(weeks=weeks)
    assert shifted(moved, -weeks) == RECORDED_SOURCE
    assert moved.known_until - RECORDED_SOURCE.known_until == by
    first, before = moved.notices[0].updates[0], RECORDED_SOURCE.notices[0].updates[0]
    assert first.display_at - before.display_at == by


@examples(20)
@given(st.integers(0, 10_000))
def test_moved_until_recent_the_last_word_is_of_this_week_and_not_of_the_future(hours: int) -> None:
    now = LAST + hours * HOUR
    moved = LAST + timedelta(weeks=weeks_until_recent(RECORDED_SOURCE, now))
    assert timedelta(0) <= now - moved < timedelta(days=7)
