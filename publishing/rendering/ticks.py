"""Where the axes of a chart have their marks, and what stands there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils import dateformat, timezone
from django.utils.translation import gettext as _

from metrics.choices import Period
from publishing.charts import PeriodView, Stretch
from publishing.rendering.words import PATTERNS

# So many marks are wanted, about.
_MARKS = 3
_ROUND = (1, 2, 2.5, 5, 10)
# A chart that is far from zero does not begin there: what moves would be a flat line.
_FAR = 0.6
# A peak may take the axis up to so many times the averages; what is above is cut, and told in words.
_PEAK = 2.0


@dataclass(frozen=True, slots=True)
class Marks:
    low: float
    high: float
    at: tuple[float, ...]
    decimals: int
    """How many digits behind the point tell them apart."""


def of_values(stretches: Sequence[Stretch], axis: tuple[float | None, float | None]) -> Marks:
    """Round values around what is shown; an axis with an end of its own keeps to it."""
    low, high = _extent(stretches, axis)
    step = _step((high - low) / _MARKS)
    low = axis[0] if axis[0] is not None else math.floor(low / step + 1e-9) * step
    high = axis[1] if axis[1] is not None else math.ceil(high / step - 1e-9) * step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    at = tuple(round(number * step, 12) for number in range(first, last + 1))
    return Marks(low, high, at, _decimals(step))


def _extent(stretches: Sequence[Stretch], axis: tuple[float | None, float | None]) -> tuple[float, float]:
    means = [one.mean for one in stretches]
    low, high = min(means), max(means)
    low = max(min(one.lowest for one in stretches), low - (_PEAK - 1) * abs(low))
    high = min(max(one.highest for one in stretches), high + (_PEAK - 1) * abs(high))
    if 0 < low <= _FAR * high:
        low = 0.0
    low = low if axis[0] is None else axis[0]
    high = high if axis[1] is None else axis[1]
    if high <= low:
        room = abs(low) * 0.1 or 1.0
        low, high = (low, low + room) if axis[0] is not None else (high - room, high + room)
    return low, high


def _step(rough: float) -> float:
    scale = 10.0 ** math.floor(math.log10(rough))
    return next(scale * one for one in _ROUND if scale * one >= rough * 0.999)


def _decimals(step: float) -> int:
    """`0.25` needs two."""
    places = 0
    while places < 6 and abs(round(step, places) - step) > step * 1e-6:
        places += 1
    return places


def of_time(period: PeriodView) -> Iterator[tuple[datetime, str, bool]]:
    """Moments in the active zone, what stands below each, and whether also where it is narrow."""
    for number, (at, said) in enumerate(_marks(period)):
        yield at, said, number % 2 == 0


def _marks(period: PeriodView) -> Iterator[tuple[datetime, str]]:
    if period.period == Period.DAY:
        return _hours(period, 4)
    return _midnights(period, 1 if period.period == Period.WEEK else 5)


def _hours(period: PeriodView, every: int) -> Iterator[tuple[datetime, str]]:
    """Hours of the clock on the wall, on days that have other hours too."""
    at = timezone.localtime(period.begins).replace(minute=0, second=0) + timedelta(hours=1)
    while at < period.ends:
        if at.hour % every == 0:
            yield at, dateformat.format(at, str(PATTERNS["clock"]))
        at = timezone.localtime(at.astimezone(UTC) + timedelta(hours=1))


def _midnights(period: PeriodView, every: int) -> Iterator[tuple[datetime, str]]:
    zone = timezone.get_current_timezone()
    day = timezone.localtime(period.begins).date()
    pattern = _("D j") if every == 1 else _("j M")
    while (at := datetime.combine(day, time.min, zone)) < period.ends:
        if at >= period.begins and day.toordinal() % every == 0:
            yield at, dateformat.format(day, pattern)
        day += timedelta(days=1)
