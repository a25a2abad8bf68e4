"""Months and days in a page's zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from publishing.snapshot import YearMonth


def month_of(instant: datetime, zone: ZoneInfo) -> YearMonth:
    local = instant.astimezone(zone)
    return YearMonth(local.year, local.month)


def first_day(month: YearMonth) -> date:
    return date(month.year, month.month, 1)


def last_day(month: YearMonth) -> date:
    return first_day(after(month)) - timedelta(days=1)


def after(month: YearMonth) -> YearMonth:
    return YearMonth(month.year + month.month // 12, month.month % 12 + 1)


def before(month: YearMonth) -> YearMonth:
    day = first_day(month) - timedelta(days=1)
    return YearMonth(day.year, day.month)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def span(month: YearMonth, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which the month begins and ends."""
    return midnight(first_day(month), zone), midnight(first_day(after(month)), zone)


def months(first: YearMonth, last: YearMonth) -> Iterator[YearMonth]:
    """From `first` to `last`, both included."""
    while first <= last:
        yield first
        first = after(first)


def parse(text: str) -> YearMonth:
    year, month = text.split("-")
    return YearMonth(int(year), int(month))


def name(month: YearMonth) -> str:
    """`2026-08`, as in paths."""
    return f"{month.year}-{month.month:02}"


_MONTHS_A_PAGE = 3


def pages(first: YearMonth, last: YearMonth) -> dict[int, tuple[YearMonth, ...]]:
    """Months from `last` back to `first` by threes, from page 1 on; one empty page ends a walk."""
    back = list(months(first, last))[::-1]
    starts = range(0, len(back) + _MONTHS_A_PAGE, _MONTHS_A_PAGE)
    return {
        number: tuple(back[start : start + _MONTHS_A_PAGE]) for number, start in enumerate(starts, start=1)
    }
