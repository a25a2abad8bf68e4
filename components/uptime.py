"""Uptime: pure functions of a component's status changes, of the times without data, and of the policy.

Every time is cut to the millisecond, which is what the page publishes, and every weight to a thousandth.
So a weighted time is a whole number of microseconds, sums are exact however a span is divided, and a reader
can recompute each figure from what is published.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from itertools import groupby, pairwise
from math import fsum
from zoneinfo import ZoneInfo

from components.choices import ComponentStatus

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Policy:
    """How much of a time in each status counts as down: 0 is nothing, 1 is all of it.

    `maintenance_counts`: announced work weighs as much as a major outage; otherwise it counts as up.
    `minimum`: an outage that is shorter counts nothing.
    """

    major: float = 1.0
    partial: float = 0.3
    degraded: float = 0.0
    maintenance_counts: bool = False
    minimum: timedelta = NOTHING

    def weight(self, status: str | None) -> float:
        """The weight of `status`, between 0 and 1; without data it is 0."""
        weights: dict[str | None, float] = {
            ComponentStatus.MAJOR_OUTAGE: self.major,
            ComponentStatus.PARTIAL_OUTAGE: self.partial,
            ComponentStatus.DEGRADED_PERFORMANCE: self.degraded,
            ComponentStatus.UNDER_MAINTENANCE: self.major if self.maintenance_counts else 0.0,
        }
        return weights.get(status, 0.0)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without data, from `begun` (None: ever before) until before `ended` (None: ever after)."""

    begun: datetime | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Interval:
    """One status from `begun` until before `ended`, in UTC; status None means no data."""

    begun: datetime
    ended: datetime
    status: str | None

    @property
    def length(self) -> timedelta:
        return self.ended - self.begun


@dataclass(frozen=True, slots=True)
class Reason:
    """What an interval that was not operational adds to the down time: `counted`, its length by `weight`.

    The weight is 0 where the policy gives the status none, and where the outage was too short to count.
    """

    interval: Interval
    weight: float
    counted: timedelta


@dataclass(frozen=True, slots=True)
class Figure:
    """Down time, weighted, of the time measured; `percent` is the rest, None where nothing was measured."""

    percent: float | None
    down: timedelta
    measured: timedelta


@dataclass(frozen=True, slots=True)
class Day(Figure):
    """The figure of one calendar day with the worst status that was shown on it, None without any data.

    `intervals` cover the day up to now; `reasons` are those of them that were not operational.
    """

    date: date
    status: str | None
    intervals: tuple[Interval, ...]
    reasons: tuple[Reason, ...]


Changes = Sequence[tuple[datetime, str]]


def intervals(changes: Changes, start: datetime, end: datetime, gaps: Iterable[Gap] = ()) -> list[Interval]:
    """What a component's status was from `start` until before `end`, without holes or overlaps.

    `changes`: (at, status) in rising order, beginning with the newest at or before `start`; before the first
    the component was operational. Where a gap is, there is no data, whatever the changes say.
    """
    start, end = _cut(start), _cut(end)
    if start >= end:
        return []
    spans = _spans(changes, start, end)
    silences = _merged(gaps, start, end)
    if not silences:
        return spans
    return sorted([*_without(spans, silences), *silences], key=lambda interval: interval.begun)


def days(
    changes: Changes,
    first: date,
    last: date,
    zone: ZoneInfo,
    now: datetime,
    gaps: Iterable[Gap],
    policy: Policy,
) -> list[Day]:
    """The calendar days of `zone` from `first` to `last`, both included; nothing after `now` is measured.

    `changes` and `gaps` as for `intervals`. Whether an outage reaches the policy's minimum is judged over the
    whole span, so midnight does not make two short ones of a long one, and the days add up to
    `figure(intervals(…))` of the span.
    """
    bounds = _midnights(first, last, zone)
    spans = intervals(changes, bounds[0], min(now, bounds[-1]), gaps)
    weights = _weights(spans, policy)
    found: list[Day] = []
    cursor = 0
    while (number := len(found)) < len(bounds) - 1:
        begun, ended = bounds[number], bounds[number + 1]
        while cursor < len(spans) and spans[cursor].ended <= begun:
            cursor += 1
        # Most days are operational throughout, or unknown: those are the same values for every component.
        if cursor < len(spans) and _is_untroubled(spans[cursor], ended):
            alike = _whole_days(first, last, zone, spans[cursor].status)
            found += alike[number : bisect_right(bounds, spans[cursor].ended) - 1]
        else:
            day = first + timedelta(days=number)
            found.append(_day(day, _pieces(spans, weights, cursor, begun, ended)))
    return _with_beginning(found, changes, zone, now)


def _with_beginning(found: list[Day], changes: Changes, zone: ZoneInfo, now: datetime) -> list[Day]:
    """What begins at this very moment has no length yet, but its day shows it."""
    if not changes or not found or _cut(changes[-1][0]) != _cut(now):
        return found
    place = (now.astimezone(zone).date() - found[0].date).days
    today = found[place] if 0 <= place < len(found) else None
    if today is not None and today.status is not None and today.intervals[-1].status is not None:
        found[place] = replace(today, status=ComponentStatus.worst([today.status, changes[-1][1]]))
    return found


def figure(intervals: Sequence[Interval], policy: Policy) -> Figure:
    """The figure of a span; `intervals` as `intervals()` makes them: in rising order, without holes."""
    down = sum((reason.counted for reason in explain(intervals, policy)), NOTHING)
    measured = _measured(intervals)
    return Figure(_percent(down, measured), down, measured)


def explain(intervals: Sequence[Interval], policy: Policy) -> list[Reason]:
    """Each interval that was not operational and what it adds; the sum is the figure's down time, exactly."""
    weighed = zip(intervals, _weights(intervals, policy), strict=True)
    return [_reason(interval, weight) for interval, weight in weighed if _is_trouble(interval)]


def mean(figures: Iterable[Figure]) -> float | None:
    """The percentage of a group: the mean of those that have one, None where none has."""
    percents = [figure.percent for figure in figures if figure.percent is not None]
    return fsum(percents) / len(percents) if percents else None


def passed(since: datetime, until: datetime) -> timedelta:
    """How much longer a span is that ends later: cut, as all times here are."""
    return _cut(until) - _cut(since)


def display(percent: float) -> str:
    """Two decimals, cut and never rounded up: "100" is said only where nothing was down."""
    if percent == 100:
        return "100"
    return str(Decimal(str(percent)).quantize(Decimal("0.01"), ROUND_DOWN))


def _cut(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _spans(changes: Changes, start: datetime, end: datetime) -> list[Interval]:
    """The statuses from `start` to `end`, no two neighbours alike; of one millisecond the last holds."""
    statuses: dict[datetime, str] = {start: ComponentStatus.OPERATIONAL}
    for at, status in changes:
        statuses[max(_cut(at), start)] = status
    points: list[tuple[datetime, str]] = []
    for at, status in statuses.items():
        if at < end and (not points or points[-1][1] != status):
            points.append((at, status))
    ends = [*(at for at, _ in points[1:]), end]
    return [Interval(at, ended, status) for (at, status), ended in zip(points, ends, strict=True)]


def _merged(gaps: Iterable[Gap], start: datetime, end: datetime) -> list[Interval]:
    """The times without data between `start` and `end`, in rising order and apart from each other."""
    cut = [(_cut(gap.begun or start), _cut(gap.ended or end)) for gap in gaps]
    merged: list[Interval] = []
    for begun, ended in sorted((max(begun, start), min(ended, end)) for begun, ended in cut):
        if merged and begun <= merged[-1].ended:
            merged[-1] = Interval(merged[-1].begun, max(ended, merged[-1].ended), None)
        elif begun < ended:
            merged.append(Interval(begun, ended, None))
    return merged


def _without(spans: Iterable[Interval], silences: Sequence[Interval]) -> Iterator[Interval]:
    """`spans` with the `silences` cut out of them."""
    index = 0
    for span in spans:
        at = span.begun
        while index < len(silences) and silences[index].begun < span.ended:
            silence = silences[index]
            if at < silence.begun:
                yield Interval(at, silence.begun, span.status)
            at = max(at, silence.ended)
            if silence.ended > span.ended:
                break
            index += 1
        if at < span.ended:
            yield Interval(at, span.ended, span.status)


def _weights(intervals: Sequence[Interval], policy: Policy) -> list[int]:
    """The weight of each interval in thousandths, 0 for those of an outage shorter than the minimum."""
    weights = [round(policy.weight(interval.status) * 1000) for interval in intervals]
    for is_outage, run in groupby(range(len(weights)), key=lambda index: weights[index] > 0):
        outage = list(run)
        if is_outage and sum((intervals[index].length for index in outage), NOTHING) < policy.minimum:
            for index in outage:
                weights[index] = 0
    return weights


def _is_trouble(interval: Interval) -> bool:
    return interval.status is not None and interval.status != ComponentStatus.OPERATIONAL


def _reason(interval: Interval, weight: int) -> Reason:
    """`weight` in thousandths."""
    return Reason(interval, weight / 1000, interval.length * weight // 1000)


def _measured(intervals: Iterable[Interval]) -> timedelta:
    return sum((interval.length for interval in intervals if interval.status is not None), NOTHING)


def _percent(down: timedelta, measured: timedelta) -> float | None:
    return (measured - down) * 100 / measured if measured else None


@lru_cache(maxsize=64)
def _midnights(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When each day from `first` to `last` begins in `zone`, and when the last one ends, in UTC.

    Where midnight does not exist the day begins at the change of the clock; where it comes twice, the first
    counts.
    """
    count = (last - first).days + 1
    dates = (first + timedelta(days=number) for number in range(count + 1))
    return tuple(datetime.combine(day, time.min, zone).astimezone(UTC) for day in dates)


@lru_cache(maxsize=64)
def _whole_days(first: date, last: date, zone: ZoneInfo, status: str | None) -> tuple[Day, ...]:
    """The days of a component that was operational, or of which nothing was known, all the time."""
    bounds = _midnights(first, last, zone)
    span = [Interval(bounds[0], bounds[-1], status)]
    return tuple(
        _day(first + timedelta(days=number), _pieces(span, [0], 0, begun, ended))
        for number, (begun, ended) in enumerate(pairwise(bounds))
    )


def _is_untroubled(span: Interval, ended: datetime) -> bool:
    return span.status in {ComponentStatus.OPERATIONAL, None} and span.ended >= ended


def _pieces(
    spans: Sequence[Interval], weights: Sequence[int], cursor: int, begun: datetime, ended: datetime
) -> list[tuple[Interval, int]]:
    """The parts of `spans`, from that at `cursor` on, which lie between `begun` and `ended`; with weights."""
    pieces = []
    while cursor < len(spans) and spans[cursor].begun < ended:
        span = spans[cursor]
        piece = Interval(max(span.begun, begun), min(span.ended, ended), span.status)
        # A zone that jumps over the date line has a day without any time.
        if piece.begun < piece.ended:
            pieces.append((piece, weights[cursor]))
        cursor += 1
    return pieces


def _day(day: date, pieces: Sequence[tuple[Interval, int]]) -> Day:
    intervals = tuple(interval for interval, _ in pieces)
    reasons = tuple(_reason(interval, weight) for interval, weight in pieces if _is_trouble(interval))
    down, measured = sum((reason.counted for reason in reasons), NOTHING), _measured(intervals)
    seen = [interval.status for interval in intervals if interval.status is not None]
    status = ComponentStatus.worst(seen) if seen else None
    return Day(_percent(down, measured), down, measured, day, status, intervals, reasons)
