"""Calendars by RFC 5545 that people subscribe to: maintenance windows, and incidents in one of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.utils.translation import gettext as _

from common import markdown
from publishing.forms import CalendarEvent, CalendarView, SeriesEvent
from publishing.rendering import engine, words, zones
from publishing.snapshot import PageView
from store import Document

CALENDAR = "text/calendar; charset=utf-8"
_LINE = 75
_SEQUENCES_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_BREAKS = re.compile(r"\r\n?|[\x85\u2028\u2029]")


def document(page: PageView, calendar: CalendarView) -> Document:
    """A component's calendar is cold."""
    with engine.locale(page):
        events = (_event(*engine.tongue(), page.base_url, page.lasting_host, one) for one in calendar.events)
        series = (_written(_series_lines(page, one)) for one in calendar.series)
        lines = [_written(_head(page, calendar)), *events, *series, folded("END:VCALENDAR")]
    return Document(f"{calendar.path}.ics", "".join(lines).encode(), CALENDAR, cold=bool(calendar.component))


def _head(page: PageView, calendar: CalendarView) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Statuspage//Status page//EN")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH")
    name = " - ".join(part for part in (page.name, calendar.component) if part)
    yield f"X-WR-CALNAME:{text(name)}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    yield "X-PUBLISHED-TTL:PT1H"
    for zone in sorted({one.zone for one in calendar.series}):
        year = min(one.begins.year for one in calendar.series if one.zone == zone)
        yield from zones.definition(zone, year)


# Most events are as they were at the version before.
@lru_cache(maxsize=2048)
def _event(_language: str, _zone: str, base_url: str, lasting_host: str, event: CalendarEvent) -> str:
    """In the language that is active."""
    return _written(_lines(f"{base_url}/incidents/{event.id}", lasting_host, event))


def _lines(url: str, lasting_host: str, event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.id}@{lasting_host}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTAMP:{_utc(event.updated)}"
    yield f"CREATED:{_utc(event.created)}"
    yield f"LAST-MODIFIED:{_utc(event.updated)}"
    yield f"DTSTART:{_utc(event.begins)}"
    # An end must be later than the beginning; what is still open has none.
    if event.ends and _utc(event.ends) > _utc(event.begins):
        yield f"DTEND:{_utc(event.ends)}"
    yield f"SUMMARY:{text(event.name)}"
    yield f"DESCRIPTION:{text(_description(event, url))}"
    yield f"URL:{url}"
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    yield f"CATEGORIES:{event.kind.upper()}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _series_lines(page: PageView, series: SeriesEvent) -> Iterator[str]:
    """What is planned by rule. An occurrence leaves it for an event of its own once it is announced."""
    clock = f";TZID={series.zone}:"
    yield "BEGIN:VEVENT"
    yield f"UID:{series.id}@{page.lasting_host}"
    yield f"SEQUENCE:{(series.updated - _SEQUENCES_BEGIN) // timedelta(minutes=1)}"
    yield f"DTSTAMP:{_utc(series.updated)}"
    yield f"LAST-MODIFIED:{_utc(series.updated)}"
    yield f"DTSTART{clock}{zones.local(series.begins)}"
    yield f"DURATION:{_duration(series.length)}"
    yield f"RRULE:{series.rule}"
    yield from (f"EXDATE{clock}{zones.local(one)}" for one in series.skipped)
    yield f"SUMMARY:{text(series.name)}"
    if series.components:
        yield f"DESCRIPTION:{text(_affects(series.components))}"
    yield f"URL:{page.base_url}/"
    yield "STATUS:CONFIRMED"
    yield "CATEGORIES:MAINTENANCE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _duration(length: timedelta) -> str:
    """In days and seconds (3.3.6)."""
    days = f"{length.days}D" if length.days else ""
    return f"P{days}T{length.seconds}S" if length.seconds or not days else f"P{days}"


def _affects(components: tuple[str, ...]) -> str:
    return _("Affects %(names)s") % {"names": ", ".join(components)}


def _description(event: CalendarEvent, url: str) -> str:
    parts = []
    if event.latest:
        parts.append(f"{words.update_word(event.latest.status)}: {markdown.to_text(event.latest.body)}")
    if event.components:
        parts.append(_affects(event.components))
    return "\n\n".join([*parts, url])


def text(value: str) -> str:
    """A value of type TEXT (3.3.11)."""
    value = _CONTROLS.sub("", _BREAKS.sub("\n", value)).replace("\\", "\\\\")
    return value.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _written(lines: Iterable[str]) -> str:
    return "".join(map(folded, lines))


def folded(line: str) -> str:
    """A content line of at most 75 octets a row, cut between characters (3.1), with its end."""
    raw = line.encode()
    if len(raw) > len(line) and len(raw) > _LINE:
        return _folded_wide(line)
    rows = [raw[:_LINE], *(b" " + raw[at : at + _LINE - 1] for at in range(_LINE, len(raw), _LINE - 1))]
    return b"\r\n".join(rows).decode() + "\r\n"


def _folded_wide(line: str) -> str:
    """The same of a line whose characters are not all one octet long."""
    rows, row, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LINE:
            rows.append(row)
            row, size = " ", 1
        row += character
        size += octets
    return "\r\n".join([*rows, row]) + "\r\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
