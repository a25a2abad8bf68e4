from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from incidents.recurrence import Occurrence, occurrences
from incidents.rules import RecurrenceError, describe, parse
from tests.clocks import work

# A busy machine makes an example slow, not wrong.
UNHURRIED = settings(deadline=None)
BERLIN, NEW_YORK, LORD_HOWE = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Australia/Lord_Howe"),
)
LONG_AGO = datetime(1999, 1, 1, tzinfo=UTC)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def wall(text: str) -> datetime:
    """A naive time on the wall clock."""
    return datetime.fromisoformat(text)


def starts(
    rule: str,
    local_start: str,
    zone: ZoneInfo = BERLIN,
    *,
    limit: int = 3,
    after: datetime = LONG_AGO,
    exceptions: tuple[date, ...] = (),
) -> list[str]:
    found = occurrences(parse(rule), wall(local_start), zone, exceptions, after, limit)
    return [one.start.astimezone(zone).isoformat(timespec="minutes") for one in found]


def several(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(",".join)


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    return several(st.integers(low, high).filter(bool).map(str))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules of every frequency and of every part that this frequency takes.

    Plain and numbered days are not mixed: there the reference gives what satisfies both, the RFC either.
    """
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    numbered = frequency in ("MONTHLY", "YEARLY") and draw(st.booleans())
    which = st.sampled_from(["1", "2", "4", "-1", "-2"] if numbered else [""])
    parts = {
        "INTERVAL": st.integers(1, 4).map(str),
        "COUNT": st.integers(1, 30).map(str),
        "BYDAY": several(st.builds("{}{}".format, which, st.sampled_from(WEEKDAYS))),
        "BYMONTH": numbers(1, 12),
        "WKST": st.sampled_from(WEEKDAYS),
    }
    if frequency != "WEEKLY":
        parts["BYMONTHDAY"] = numbers(-5, 28)
        parts["BYSETPOS"] = numbers(-3, 3)
    chosen = draw(st.sets(st.sampled_from(sorted(parts)), max_size=4))
    if "BYSETPOS" in chosen:
        chosen.add("BYDAY")
    return ";".join([f"FREQ={frequency}", *(f"{name}={draw(parts[name])}" for name in sorted(chosen))])


local_starts = st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2027-12-31")).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


def ever_matches(rule: str, local_start: datetime) -> bool:
    """Asked of ourselves: asked of the reference, a rule that never matches takes minutes."""
    return bool(occurrences(parse(rule), local_start, ZoneInfo("UTC"), (), LONG_AGO, 1))


@UNHURRIED
@given(rules(), local_starts)
def test_the_days_are_those_of_the_reference_implementation(rule: str, local_start: datetime) -> None:
    assume(ever_matches(rule, local_start))
    end = local_start + timedelta(days=3 * 365)
    expected = rrulestr(rule, dtstart=local_start).between(local_start, end, inc=True)
    found = occurrences(parse(rule), local_start, ZoneInfo("UTC"), (), LONG_AGO, 2_000)
    assert [one.original_local for one in found if one.original_local <= end] == expected


@UNHURRIED
@given(
    rules(),
    local_starts,
    st.datetimes(datetime.fromisoformat("2019-01-01"), datetime.fromisoformat("2029-12-31")),
)
def test_asking_later_gives_the_rest_of_the_same_occurrences(
    rule: str, local_start: datetime, after: datetime
) -> None:
    at = after.replace(tzinfo=UTC)
    every = occurrences(parse(rule), local_start, BERLIN, (), LONG_AGO, 5_000)
    rest = occurrences(parse(rule), local_start, BERLIN, (), at, 3)
    expected = [one for one in every if one.start > at][:3]
    assert rest[: len(expected)] == expected
    assert all(one.start > at for one in rest)
    # Without a count there may be more: ten years are looked through from a later day.
    assert rest == expected or "COUNT" not in rule


@UNHURRIED
@given(rules(), local_starts, st.data())
def test_exceptions_leave_out_and_move_nothing_else(
    rule: str, local_start: datetime, data: st.DataObject
) -> None:
    every = occurrences(parse(rule), local_start, BERLIN, (), LONG_AGO, 8)
    assume(every)
    skipped = data.draw(st.lists(st.sampled_from(every), unique=True))
    days = [one.original_local.date() for one in skipped]
    moments = [one.original_local for one in skipped]
    kept = [one for one in every if one not in skipped]
    for exceptions in (days, moments):
        again = occurrences(parse(rule), local_start, BERLIN, exceptions, LONG_AGO, 8)
        assert again[: len(kept)] == kept
        assert not {one.original_local for one in again} & set(moments)


@pytest.mark.parametrize(
    ("rule", "local_start", "expected"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "1997-08-05", ["08-05", "08-10", "08-19", "08-24"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997-08-05", ["08-05", "08-17", "08-19", "08-31"]),
        ("FREQ=WEEKLY;WKST=SU", "1997-08-06", ["08-06", "08-13", "08-20", "08-27"]),
        ("FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22", ["09-22", "10-20", "11-17", "12-22"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28", ["09-28", "10-29", "11-28", "12-29"]),
        ("FREQ=MONTHLY", "1997-01-31", ["01-31", "03-31", "05-31", "07-31"]),
        ("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", ["09-04", "10-07", "11-06", "12-04"]),
        ("FREQ=YEARLY;BYDAY=4MO", "1997-01-27", ["01-27", "01-26", "01-25", "01-24"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=-1TH", "1997-11-27", ["11-27", "11-26", "11-25", "11-30"]),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1", "1997-03-10", ["01-10", "01-10", "01-10", "01-10"]),
        # The fourth, in 2008, lies beyond the ten years that are looked through.
        ("FREQ=YEARLY", "1996-02-29", ["02-29", "02-29", "02-29"]),
    ],
)
def test_examples_of_the_rfc_and_like_it(rule: str, local_start: str, expected: list[str]) -> None:
    after = datetime(1996, 1, 1, tzinfo=UTC)
    found = starts(rule, f"{local_start}T09:00", limit=4, after=after)
    assert [one[5:10] for one in found] == expected


def test_plain_and_numbered_days_together_give_either() -> None:
    found = starts("FREQ=MONTHLY;BYDAY=SU,1MO", "2026-06-01T02:00", limit=4)
    assert [one[:10] for one in found] == ["2026-06-01", "2026-06-07", "2026-06-14", "2026-06-21"]


def test_an_exception_at_another_time_of_that_day_leaves_nothing_out() -> None:
    assert starts("FREQ=DAILY", "2026-05-01T02:00", limit=1, exceptions=(wall("2026-05-01T03:00"),)) == [
        "2026-05-01T02:00+02:00"
    ]


@pytest.mark.parametrize(
    ("zone", "local_start", "expected"),
    [
        # The clock jumps over the time: it moves forward by as much, and only on that day.
        (
            BERLIN,
            "2026-03-28T02:30",
            ["2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"],
        ),
        (
            NEW_YORK,
            "2026-03-07T02:30",
            ["2026-03-07T02:30-05:00", "2026-03-08T03:30-04:00", "2026-03-09T02:30-04:00"],
        ),
        (
            LORD_HOWE,
            "2026-10-03T02:15",
            ["2026-10-03T02:15+10:30", "2026-10-04T02:45+11:00", "2026-10-05T02:15+11:00"],
        ),
        # The time comes twice: the first one is taken.
        (
            BERLIN,
            "2026-10-24T02:30",
            ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
        ),
        (
            NEW_YORK,
            "2026-10-31T01:30",
            ["2026-10-31T01:30-04:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
        ),
        (
            LORD_HOWE,
            "2026-04-04T01:45",
            ["2026-04-04T01:45+11:00", "2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
        ),
        # Any other time stays what the wall clock says.
        (
            BERLIN,
            "2026-03-28T22:00",
            ["2026-03-28T22:00+01:00", "2026-03-29T22:00+02:00", "2026-03-30T22:00+02:00"],
        ),
        (
            LORD_HOWE,
            "2026-04-04T22:00",
            ["2026-04-04T22:00+11:00", "2026-04-05T22:00+10:30", "2026-04-06T22:00+10:30"],
        ),
    ],
)
def test_the_wall_clock_holds_through_changes_of_the_clock(
    zone: ZoneInfo, local_start: str, expected: list[str]
) -> None:
    assert starts("FREQ=DAILY", local_start, zone) == expected


def test_the_original_start_is_what_the_rule_says_even_where_the_clock_jumps_over_it() -> None:
    after = datetime(2026, 3, 29, tzinfo=UTC)
    (found,) = occurrences(parse("FREQ=DAILY"), wall("2026-01-01T02:30"), BERLIN, (), after, 1)
    assert found == Occurrence(wall("2026-03-29T02:30"), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=2", ["2026-05-01", "2026-05-02"]),
        ("FREQ=DAILY;UNTIL=20260502", ["2026-05-01", "2026-05-02"]),
        ("FREQ=DAILY;UNTIL=20260502T023000", ["2026-05-01", "2026-05-02"]),
        ("FREQ=DAILY;UNTIL=20260502T022959", ["2026-05-01"]),
        ("FREQ=DAILY;UNTIL=20260502T003000Z", ["2026-05-01", "2026-05-02"]),
        ("FREQ=DAILY;UNTIL=20260502T002959Z", ["2026-05-01"]),
        ("FREQ=DAILY;UNTIL=20260430", []),
    ],
)
def test_a_rule_ends_where_it_says(rule: str, expected: list[str]) -> None:
    found = starts(rule, "2026-05-01T02:30", limit=9)
    assert [one[:10] for one in found] == expected


def test_an_exception_counts_towards_the_count() -> None:
    found = starts("FREQ=DAILY;COUNT=3", "2026-05-01T02:00", limit=9, exceptions=(date(2026, 5, 2),))
    assert [one[:10] for one in found] == ["2026-05-01", "2026-05-03"]


def test_an_occurrence_that_starts_at_the_very_instant_is_not_after_it() -> None:
    after = datetime(2026, 5, 1, 0, 0, tzinfo=UTC)
    assert starts("FREQ=DAILY", "2026-05-01T02:00", after=after, limit=1) == ["2026-05-02T02:00+02:00"]


def test_no_more_than_the_limit_are_given() -> None:
    assert starts("FREQ=DAILY", "2026-05-01T02:00", limit=0) == []
    assert len(starts("FREQ=DAILY", "2026-05-01T02:00", limit=400)) == 400


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1;COUNT=3",
    ],
)
@pytest.mark.parametrize("local_start", ["2026-05-04T02:00", "1971-05-03T02:00", "9998-05-04T02:00"])
def test_a_rule_that_never_matches_is_given_up_soon(rule: str, local_start: str) -> None:
    after = datetime(2026, 1, 1, tzinfo=UTC)
    assert starts(rule, local_start, after=after) == []
    assert work(lambda: starts(rule, local_start, after=after), times=2) < 0.3


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "Say how it recurs"),
        ("  ", "Say how it recurs"),
        ("every tuesday", "“EVERY TUESDAY” is not a part of a rule"),
        ("FREQ=WEEKLY;;BYDAY=TU", "“” is not a part of a rule"),
        ("FREQ=WEEKLY;BYDAY=", "“BYDAY=” is not a part of a rule"),
        ("BYDAY=TU", "FREQ must say how often"),
        ("FREQ=FORTNIGHTLY", "FREQ must say how often"),
        ("FREQ=HOURLY", "once a day at most"),
        ("FREQ=MINUTELY;INTERVAL=5", "once a day at most"),
        ("FREQ=SECONDLY", "once a day at most"),
        ("FREQ=DAILY;BYHOUR=3,4", "the time of day is that of the first start"),
        ("FREQ=DAILY;BYMINUTE=3", "the time of day is that of the first start"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is given twice"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not known here"),
        ("FREQ=WEEKLY\nDTSTART:20260101", "FREQ must say how often"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL takes whole numbers"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL takes whole numbers"),
        ("FREQ=DAILY;INTERVAL=1_0", "INTERVAL takes whole numbers"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL takes whole numbers"),
        ("FREQ=DAILY;COUNT=many", "COUNT takes whole numbers"),
        ("FREQ=DAILY;COUNT=99999999999999999999", "COUNT takes whole numbers"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY takes whole numbers"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "BYMONTHDAY takes whole numbers"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH takes whole numbers"),
        ("FREQ=WEEKLY;BYDAY=TUE", "BYDAY takes the days"),
        ("FREQ=WEEKLY;BYDAY=T", "BYDAY takes the days"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY takes whole numbers"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY takes whole numbers"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL is a day or a time"),
        ("FREQ=DAILY;UNTIL=20261301", "UNTIL is a day or a time"),
        ("FREQ=DAILY;UNTIL=2026-12-31", "UNTIL is a day or a time"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", "not by both"),
        ("FREQ=WEEKLY;BYDAY=1MO", "Numbered days"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go with"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs"),
    ],
)
def test_what_is_not_a_rule_is_refused_in_words(rule: str, says: str) -> None:
    with pytest.raises(RecurrenceError) as refusal:
        parse(rule)
    assert says in refusal.value.message
    assert refusal.value.message.endswith(".")


@UNHURRIED
@given(st.text(max_size=60) | st.text(alphabet="FREQ=DAILYWKM;BYMONTHUCI0123456789,-T", max_size=60))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    for rule in (text, f"FREQ=MONTHLY;{text}", f"FREQ=DAILY;UNTIL={text}", f"FREQ=WEEKLY;BYDAY={text}"):
        try:
            describe(parse(rule))
        except RecurrenceError:
            continue


@UNHURRIED
@given(rules())
def test_a_rule_is_read_the_same_however_it_is_written(rule: str) -> None:
    assert parse(f"  rrule:{rule.lower()}; ") == parse(rule)
    assert parse(parse(rule).text) == parse(rule)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "Every day"),
        ("FREQ=DAILY;INTERVAL=3", "Every 3 days"),
        ("FREQ=WEEKLY;BYDAY=TU", "Every week on Tuesday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,MO;COUNT=10", "Every 2 weeks on Monday and Thursday, 10 times"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=1", "Every week on Monday, Wednesday and Friday, once"),
        ("FREQ=MONTHLY;BYDAY=1TU", "Every month on the first Tuesday"),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231", "Every month on the last Friday, until 31 Dec 2026"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,15,1", "Every month on day 1, day 15 and the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=-7", "Every month on the 7th to last day"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Every month on day 13 if that is Friday"),
        ("FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=4", "Every year on day 4 in March and September"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2,-1",
            "Every month on Monday and Tuesday, only the second and last of them",
        ),
    ],
)
def test_a_rule_is_said_in_words(rule: str, words: str) -> None:
    assert describe(parse(rule)) == words
