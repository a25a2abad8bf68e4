"""Time zones as calendars tell them (RFC 5545, 3.6.5): what the clock does in the years to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_YEARS = 10
_STEP = timedelta(days=7)


@lru_cache(maxsize=256)
def definition(name: str, year: int) -> tuple[str, ...]:
    """The lines of VTIMEZONE, from the beginning of `year` on."""
    zone = ZoneInfo(name)
    begun = datetime(year, 1, 1, tzinfo=UTC)
    ended = datetime(year + _YEARS, 1, 1, tzinfo=UTC)
    onsets: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    before = begun
    for change in (begun, *_changes(zone, begun, ended)):
        former, now = before.astimezone(zone), change.astimezone(zone)
        kind = "DAYLIGHT" if now.dst() else "STANDARD"
        onset = change.replace(tzinfo=None) + (former.utcoffset() or timedelta())
        onsets[kind, _offset(former), _offset(now), now.strftime("%Z")].append(onset)
        before = change
    inner = (line for key, times in onsets.items() for line in _observance(*key, times=times))
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *inner, "END:VTIMEZONE")


def _observance(kind: str, former: str, offset: str, name: str, *, times: list[datetime]) -> Iterator[str]:
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{local(times[0])}"
    yield f"TZOFFSETFROM:{former}"
    yield f"TZOFFSETTO:{offset}"
    yield f"TZNAME:{name}"
    yield from (f"RDATE:{local(time)}" for time in times[1:])
    yield f"END:{kind}"


def _changes(zone: ZoneInfo, begun: datetime, ended: datetime) -> Iterator[datetime]:
    """The instants at which the clock is put forward or back."""
    at = begun
    while at < ended:
        if _look(zone, at) != _look(zone, at + _STEP):
            yield _change(zone, at, at + _STEP)
        at += _STEP


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """To the second, which is found somewhere between these."""
    former = _look(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        low, high = (middle, high) if _look(zone, middle) == former else (low, middle)
    return high


def _look(zone: ZoneInfo, at: datetime) -> tuple[timedelta | None, str]:
    there = at.astimezone(zone)
    return there.utcoffset(), there.strftime("%Z")


def _offset(there: datetime) -> str:
    """ "+0100", and seconds where a zone has any."""
    return there.strftime("%z").partition(".")[0]


def local(moment: datetime) -> str:
    """A time on the wall clock."""
    return moment.strftime("%Y%m%dT%H%M%S")
