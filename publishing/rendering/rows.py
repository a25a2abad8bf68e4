"""Rows of components, notices and updates, kept from version to version: of many, few change at a time."""

from __future__ import annotations

from functools import lru_cache

from django.utils.safestring import SafeString

from publishing import bars
from publishing.rendering import engine
from publishing.snapshot import ComponentView, IncidentSummary, UpdateView, UptimeRow

# A page of a thousand components, and another.
_KEPT = 2048


def of_status(view: ComponentView, *, show_bar: bool) -> SafeString:
    """A component on the status page."""
    return _of_status(*engine.tongue(), view, show_bar)


def of_uptime(row: UptimeRow, slots: int, *, over: bool) -> SafeString:
    """A component and its explained days in a month of so many days; `over`: no day is to come."""
    return _of_uptime(*engine.tongue(), row, slots, over)


def of_notice(view: IncidentSummary) -> SafeString:
    """A notice in a list of days."""
    return _of_notice(*engine.tongue(), view)


def of_update(update: UpdateView, word: str, heading: int, when: str) -> SafeString:
    """An update in a timeline: the `word` it goes by, the level of its headings, the style of its time."""
    return _of_update(*engine.tongue(), update, word, heading, when)


@lru_cache(maxsize=_KEPT)
def _of_status(_language: str, _zone: str, view: ComponentView, show_bar: bool) -> SafeString:
    shown = show_bar and view.showcase and view.uptime
    bar = bars.bar(view.uptime, view.id) if view.uptime and shown else None
    return engine.part("_component.html", {"view": view, "bar": bar})


@lru_cache(maxsize=_KEPT)
def _of_uptime(_language: str, _zone: str, row: UptimeRow, slots: int, over: bool) -> SafeString:
    uptime = row.uptime
    days = [{"view": day, "index": (day.date - uptime.first).days} for day in uptime.days if day.status]
    told = {
        "view": row,
        "svg": bars.svg(uptime, slots),
        "label": bars.label(uptime),
        "days": days,
        "gaps": bars.gaps(uptime),
    }
    return engine.part("_uptime.html", {"row": told, "view": {"next": over}})


@lru_cache(maxsize=_KEPT)
def _of_notice(_language: str, _zone: str, view: IncidentSummary) -> SafeString:
    return engine.part("_line.html", {"view": view})


@lru_cache(maxsize=_KEPT)
def _of_update(
    _language: str, _zone: str, update: UpdateView, word: str, heading: int, when: str
) -> SafeString:
    return engine.part("_update.html", {"update": update, "word": word, "heading": heading, "when": when})
