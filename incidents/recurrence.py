"""When a recurring maintenance takes place.

The days of a period (day, week, month, year) are those that satisfy every part of the rule, which for what
`incidents.rules` allows is what RFC 5545 says in section 3.3.10. dateutil's `rrule`, the reference that the
tests compare with, does not serve here: for a rule that never matches it searches on to the year 9999.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from incidents.rules import Rule

HORIZON_YEARS = 10


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`original_local` is what the rule says, naive, on the wall clock; `start` is the instant, in UTC."""

    original_local: datetime
    start: datetime


def occurrences(
    rule: Rule,
    local_start: datetime,
    zone: ZoneInfo,
    exceptions: Collection[date],
    after: datetime,
    limit: int,
) -> list[Occurrence]:
    """The first `limit` occurrences that start later than `after`, in rising order.

    `local_start`: the first start, naive, on the wall clock of `zone`; it is an occurrence itself only where
    it satisfies the rule. `exceptions`: days, or naive starts, that are left out; they count towards the
    rule's count. A start that the clock jumps over is moved forward by as much as the clock; of one that
    comes twice the first is taken (RFC 5545, section 3.3.5). Nothing is looked for later than ten years
    after `after` or the first start.
    """
    since = max(local_start.date(), after.astimezone(zone).date() - timedelta(days=1))
    clock = local_start.time().replace(fold=0)
    every = (datetime.combine(day, clock) for day in _days(rule, local_start.date(), since))
    counted = (Occurrence(local, _instant(local, zone)) for local in islice(every, rule.count))
    wanted = (one for one in _bounded(rule.until, counted) if one.start > after)
    kept = (one for one in wanted if not _is_excepted(one.original_local, exceptions))
    return list(islice(kept, limit))


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    # With fold 0 Python reads a time that does not exist with the offset before the gap, and one that comes
    # twice as the first: just what the RFC asks for.
    return local.replace(tzinfo=zone).astimezone(UTC)


def _bounded(until: date | None, found: Iterator[Occurrence]) -> Iterator[Occurrence]:
    for one in found:
        if until is not None and _is_past(until, one):
            return
        yield one


def _is_past(until: date, one: Occurrence) -> bool:
    if not isinstance(until, datetime):
        return one.original_local.date() > until
    return (one.original_local if until.tzinfo is None else one.start) > until


def _is_excepted(local: datetime, exceptions: Collection[date]) -> bool:
    return local in exceptions or local.date() in exceptions


def _days(rule: Rule, first: date, since: date) -> Iterator[date]:
    """The days from `first` on that `rule` gives, up to ten years past `since`; without a count, those before
    `since` may be left out.
    """
    filled = _filled(rule, first)
    start = _period(rule, first)
    if rule.count is None:
        start += (_period(rule, since) - start) // rule.interval * rule.interval
    # Short of the calendar's last year, so that each period has an end.
    last = _period(rule, date(min(since.year + HORIZON_YEARS, date.max.year - 1), 12, 31))
    for number in range(start, last + 1, rule.interval):
        days = _matching(filled, _begin(rule, number), _begin(rule, number + 1))
        yield from (day for day in days if day >= first)


def _filled(rule: Rule, first: date) -> Rule:
    """`rule` with what it leaves open taken from its first day."""
    if rule.weekdays or rule.month_days:
        return rule
    if rule.frequency == "WEEKLY":
        return replace(rule, weekdays=((0, first.weekday()),))
    if rule.frequency == "MONTHLY":
        return replace(rule, month_days=(first.day,))
    if rule.frequency == "YEARLY":
        return replace(rule, month_days=(first.day,), months=rule.months or (first.month,))
    return rule


def _period(rule: Rule, day: date) -> int:
    """The number of the period that `day` lies in, counted from the beginning of the calendar."""
    if rule.frequency == "DAILY":
        return day.toordinal()
    if rule.frequency == "WEEKLY":
        return (day.toordinal() - 1 - rule.week_start) // 7
    return day.year if rule.frequency == "YEARLY" else day.year * 12 + day.month - 1


def _begin(rule: Rule, number: int) -> date:
    """The first day of that period."""
    if rule.frequency == "DAILY":
        return date.fromordinal(number)
    if rule.frequency == "WEEKLY":
        return date.fromordinal(number * 7 + 1 + rule.week_start)
    return date(number, 1, 1) if rule.frequency == "YEARLY" else date(number // 12, number % 12 + 1, 1)


def _matching(rule: Rule, begun: date, ended: date) -> list[date]:
    """The days of one period that satisfy `rule`."""
    period = (begun + timedelta(days=number) for number in range((ended - begun).days))
    found = [day for day in period if _satisfies(rule, day)]
    if not rule.positions:
        return found
    wanted = {number - 1 if number > 0 else len(found) + number for number in rule.positions}
    return [day for number, day in enumerate(found) if number in wanted]


def _satisfies(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    length = monthrange(day.year, day.month)[1]
    if rule.month_days and not {day.day, day.day - length - 1} & {*rule.month_days}:
        return False
    if rule.frequency == "YEARLY" and not rule.months:
        return _is_weekday(rule, day, day.timetuple().tm_yday, 366 if isleap(day.year) else 365)
    return _is_weekday(rule, day, day.day, length)


def _is_weekday(rule: Rule, day: date, number: int, length: int) -> bool:
    """`day` is the `number`-th of the `length` days within which weekdays are numbered."""
    numbers = {0, (number - 1) // 7 + 1, -((length - number) // 7 + 1)}
    return not rule.weekdays or any(
        weekday == day.weekday() and which in numbers for which, weekday in rule.weekdays
    )
