from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.choices import ComponentStatus, Source
from components.timeline import Change, Effective, Spoken, effective, fold
from tests.clocks import work

# A busy machine makes an example slow, not wrong.
UNHURRIED = settings(deadline=None)
DAWN = datetime(2026, 3, 1, tzinfo=UTC)


def minute(number: float) -> datetime:
    return DAWN + timedelta(minutes=number)


def said(
    number: int, source: str, status: str, begun: float, ended: float | None = None, source_id: str = ""
) -> Spoken:
    end = None if ended is None else minute(ended)
    return Spoken(number, source, source_id or f"{source}-{number}", status, minute(begun), end)


@st.composite
def statements(draw: st.DrawFn) -> list[Spoken]:
    """Crowded on purpose: few instants, few source ids, every source and status, empty lives too."""
    spoken = []
    for number in range(draw(st.integers(0, 12))):
        begun = draw(st.integers(0, 10))
        ended = draw(st.none() | st.integers(begun, 12))
        source = draw(st.sampled_from(Source.values))
        status = draw(st.sampled_from(ComponentStatus.values))
        spoken.append(said(number, source, status, begun, ended, draw(st.sampled_from(["a", "b"]))))
    return spoken


def folded_at(changes: list[Change], at: datetime) -> Effective:
    reached = [change for change in changes if change.at <= at]
    if not reached:
        return Effective("operational", "", "")
    return Effective(reached[-1].status, reached[-1].source, reached[-1].source_id)


@UNHURRIED
@given(statements())
def test_folding_agrees_with_asking_at_every_instant(spoken: list[Spoken]) -> None:
    changes = fold(spoken, minute(15))
    for half in range(-1, 30):
        at = minute(half / 2)
        assert folded_at(changes, at) == effective(spoken, at)


@UNHURRIED
@given(statements(), st.randoms(use_true_random=False))
def test_the_order_in_which_statements_come_does_not_matter(spoken: list[Spoken], random: Random) -> None:
    shuffled = random.sample(spoken, len(spoken))
    assert fold(shuffled, minute(15)) == fold(spoken, minute(15))
    assert effective(shuffled, minute(5)) == effective(spoken, minute(5))


@UNHURRIED
@given(statements(), st.integers(0, 15))
def test_times_rise_strictly_and_every_change_changes_something(spoken: list[Spoken], until: int) -> None:
    changes = fold(spoken, minute(until))
    before = ("operational", "", "")
    for change in changes:
        now = (change.status, change.source, change.source_id)
        assert now != before
        before = now
    times = [change.at for change in changes]
    assert times == sorted(set(times))
    assert all(at <= minute(until) for at in times)


@UNHURRIED
@given(statements(), st.integers(0, 15), st.integers(0, 15))
def test_folding_less_far_gives_the_beginning_of_the_same_history(
    spoken: list[Spoken], a: int, b: int
) -> None:
    short, long = fold(spoken, minute(min(a, b))), fold(spoken, minute(max(a, b)))
    assert long[: len(short)] == short


@UNHURRIED
@given(statements(), st.integers(0, 12))
def test_no_robot_ever_overwrites_a_persons_word(spoken: list[Spoken], at_minute: int) -> None:
    at = minute(at_minute)
    live = [one for one in spoken if one.is_live(at)]
    human = [one for one in live if one.source != "monitor"]
    if any(one.source == "correction" for one in live):
        assert effective(spoken, at).source == "correction"
    elif human:
        newest = max(human, key=lambda one: (one.begun, one.id))
        without_robots = effective(human, at)
        if newest.status != "operational" or all(
            one.begun <= newest.begun for one in live if one.source == "monitor"
        ):
            assert effective(spoken, at) == without_robots


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        pytest.param([], ("operational", ""), id="nobody spoke"),
        pytest.param([said(1, "setting", "major_outage", 0, 5)], ("operational", ""), id="it has ended"),
        pytest.param([said(1, "setting", "major_outage", 5, 5)], ("operational", ""), id="it never lived"),
        pytest.param([said(1, "setting", "major_outage", 6)], ("operational", ""), id="it is not yet said"),
        pytest.param(
            [said(1, "setting", "major_outage", 0), said(2, "incident", "degraded_performance", 1)],
            ("degraded_performance", "incident"),
            id="the newest wins, not the worst",
        ),
        pytest.param(
            [said(1, "setting", "major_outage", 1), said(2, "incident", "partial_outage", 1)],
            ("partial_outage", "incident"),
            id="of one instant the higher id wins",
        ),
        pytest.param(
            [said(1, "setting", "major_outage", 0), said(2, "incident", "partial_outage", 1, 3)],
            ("major_outage", "setting"),
            id="what has ended uncovers what still stands",
        ),
        pytest.param(
            [said(1, "correction", "operational", 0), said(2, "incident", "major_outage", 3)],
            ("operational", "correction"),
            id="a correction wins over what is newer",
        ),
        pytest.param(
            [said(1, "correction", "operational", 0, 4), said(2, "incident", "major_outage", 3)],
            ("major_outage", "incident"),
            id="a correction wins only while it lasts",
        ),
        pytest.param(
            [said(1, "monitor", "major_outage", 3)], ("major_outage", "monitor"), id="a monitor alone speaks"
        ),
        pytest.param(
            [said(1, "setting", "operational", 0), said(2, "monitor", "major_outage", 3)],
            ("major_outage", "monitor"),
            id="a finding after an all-clear counts",
        ),
        pytest.param(
            [said(1, "monitor", "major_outage", 0), said(2, "setting", "operational", 3)],
            ("operational", "setting"),
            id="an all-clear after the finding silences it",
        ),
        pytest.param(
            [said(2, "monitor", "major_outage", 3), said(1, "setting", "operational", 3)],
            ("operational", "setting"),
            id="of one instant the person wins",
        ),
        pytest.param(
            [said(1, "incident", "degraded_performance", 0), said(2, "monitor", "major_outage", 3)],
            ("degraded_performance", "incident"),
            id="a person who speaks of trouble is not corrected",
        ),
        pytest.param(
            [said(1, "maintenance", "under_maintenance", 0), said(2, "monitor", "major_outage", 3)],
            ("under_maintenance", "maintenance"),
            id="maintenance is a person's word",
        ),
        pytest.param(
            [said(1, "maintenance", "under_maintenance", 0, 4), said(2, "monitor", "major_outage", 3)],
            ("major_outage", "monitor"),
            id="once the maintenance is over the monitor is heard",
        ),
    ],
)
def test_who_is_heard_at_minute_five(spoken: list[Spoken], expected: tuple[str, str]) -> None:
    now = effective(spoken, minute(5))
    assert (now.status, now.source) == expected
    assert folded_at(fold(spoken, minute(5)), minute(5)) == now


def test_a_change_of_source_alone_is_kept() -> None:
    spoken = [
        said(1, "incident", "major_outage", 0, 4, "x"),
        said(2, "incident", "major_outage", 2, 4, "y"),
    ]
    assert fold(spoken, minute(9)) == [
        Change(minute(0), "major_outage", "incident", "x"),
        Change(minute(2), "major_outage", "incident", "y"),
        Change(minute(4), "operational", "", ""),
    ]


def test_what_begins_at_the_very_end_is_included() -> None:
    assert fold([said(1, "setting", "major_outage", 7)], minute(7)) == [
        Change(minute(7), "major_outage", "setting", "setting-1")
    ]


def test_five_thousand_statements_fold_in_a_tenth_of_a_second() -> None:
    random = Random(1)
    spoken = [
        said(
            number,
            random.choice(Source.values),
            random.choice(ComponentStatus.values),
            begun := random.uniform(0, 500_000),
            random.choice([None, begun + random.uniform(0, 5_000)]),
        )
        for number in range(5_000)
    ]

    assert len(fold(spoken, minute(600_000))) > 500
    assert work(lambda: fold(spoken, minute(600_000))) < 0.1
