"""What a recurring maintenance has in store beyond the windows that are announced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from incidents.models import MaintenanceWindow
from incidents.recurrence import Occurrence, occurrences
from incidents.rules import Rule, parse
from publishing.forms import CalendarEvent, Recurrence, SeriesEvent

_LAST_SECOND = time(23, 59, 59)


def recurrence(window: MaintenanceWindow) -> Recurrence | None:
    """What the window is one of, if that goes on and the window has not begun."""
    series = window.series
    if series is None or series.ended_at is not None or not window.occurrence:
        return None
    return Recurrence(
        id=series.pk,
        name=series.name,
        rule=series.rule,
        # Wall-clock time, stored as if UTC.
        start=series.local_start.astimezone(UTC).replace(tzinfo=None),
        zone=series.zone,
        length=series.duration,
        skipped=frozenset(datetime.fromisoformat(one).date() for one in series.exceptions),
        updated=series.updated_at,
        occurrence=datetime.fromisoformat(window.occurrence),
    )


def series_events(events: Iterable[CalendarEvent]) -> tuple[SeriesEvent, ...]:
    """One for each series that has occurrences without a window; `events` are those of its windows."""
    found: dict[str, list[tuple[CalendarEvent, Recurrence]]] = defaultdict(list)
    for event in events:
        if event.recurrence is not None:
            found[event.recurrence.id].append((event, event.recurrence))
    return tuple(one for some in found.values() if (one := _beyond(some)) is not None)


def _beyond(windows: list[tuple[CalendarEvent, Recurrence]]) -> SeriesEvent | None:
    event, one = max(windows, key=lambda pair: pair[1].occurrence)
    taken = frozenset(other.occurrence for _, other in windows)
    left_out = one.skipped | {each.date() for each in taken}
    begins = _next(one.rule, one.start, one.zone, left_out, min(taken))
    if begins is None:
        return None
    clock = one.start.time()
    return SeriesEvent(
        id=one.id,
        name=one.name,
        updated=max(one.updated, *(window.updated for window, _ in windows)),
        begins=begins,
        zone=one.zone,
        length=one.length,
        rule=_endless_or_until(one.rule, one.start, one.zone),
        skipped=tuple(datetime.combine(day, clock) for day in sorted(left_out) if day > begins.date()),
        components=event.components,
    )


@lru_cache(maxsize=1024)
def _next(
    text: str, start: datetime, zone: str, left_out: frozenset[date], after: datetime
) -> datetime | None:
    place = ZoneInfo(zone)
    found = occurrences(parse(text), start, place, left_out, after.replace(tzinfo=place), 1)
    return found[0].original_local if found else None


@lru_cache(maxsize=1024)
def _endless_or_until(text: str, start: datetime, zone: str) -> str:
    """The rule with its end as an instant. A number of times would be counted from elsewhere."""
    rule, place = parse(text), ZoneInfo(zone)
    parts = [part for part in rule.text.split(";") if not part.startswith(("COUNT=", "UNTIL="))]
    until = _until(rule, place)
    if rule.count is not None:
        until = _last(rule, start, place).start
    return ";".join([*parts, f"UNTIL={until:%Y%m%dT%H%M%SZ}"] if until else parts)


def _until(rule: Rule, zone: ZoneInfo) -> datetime | None:
    if rule.until is None:
        return None
    until = rule.until
    if not isinstance(until, datetime):
        until = datetime.combine(until, _LAST_SECOND)
    return (until if until.tzinfo else until.replace(tzinfo=zone)).astimezone(UTC)


def _last(rule: Rule, start: datetime, zone: ZoneInfo) -> Occurrence:
    before = start.replace(tzinfo=zone) - timedelta(days=1)
    return occurrences(rule, start, zone, (), before, rule.count or 1)[-1]
