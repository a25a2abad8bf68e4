"""What the forms for machines show, as plain values: build fills them, `rendering` writes them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from publishing.encoding import Json
from publishing.snapshot import IncidentSummary, UpdateView, YearMonth

Shape = dict[str, Any]
"""A JSON object, its instants already written."""


@dataclass(frozen=True, slots=True)
class StatuspageView:
    """What `/api/v2` answers. Lists are in their order, notices newest first."""

    page: Json
    status: Json
    components: tuple[Json, ...]
    incidents: tuple[Json, ...]
    """The newest, without maintenance."""
    unresolved: tuple[Json, ...]
    resolved: tuple[Json, ...]
    maintenance: tuple[Json, ...]
    """The newest."""
    upcoming: tuple[Json, ...]
    """Soonest first; the same for active ones."""
    active: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some months of `/history.json`, newest first, each with what began in it, newest first."""

    number: int
    months: tuple[tuple[YearMonth, tuple[IncidentSummary, ...]], ...]


@dataclass(frozen=True, slots=True)
class FeedEntry:
    id: str
    name: str
    published: datetime
    """When its newest update is shown to have been."""
    updated: datetime
    updates: tuple[UpdateView, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True)
class FeedView:
    """News of the page, or of one component of it, newest first."""

    updated: datetime
    """When any of it last changed."""
    entries: tuple[FeedEntry, ...]
    component: str = ""
    """Its name, and where its documents are: "/components/<id>"; both "" for the page."""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What an open window is one of. Starts are those of the rule: naive, on the wall clock of `zone`."""

    id: str
    name: str
    rule: str
    start: datetime
    zone: str
    length: timedelta
    skipped: frozenset[date]
    updated: datetime
    occurrence: datetime
    """The window's own start by the rule, wherever it was moved."""


@dataclass(frozen=True, slots=True)
class SeriesEvent:
    """The occurrences of a recurring maintenance that have no window yet."""

    id: str
    name: str
    updated: datetime
    begins: datetime
    """The first of them: naive, on the wall clock of `zone`. The same for `skipped`."""
    zone: str
    length: timedelta
    rule: str
    """RFC 5545, without COUNT."""
    skipped: tuple[datetime, ...]
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A maintenance window, or an incident from its beginning to its end."""

    id: str
    name: str
    kind: str
    sequence: int
    """Grows with every change of it."""
    begins: datetime
    ends: datetime | None
    created: datetime
    updated: datetime
    cancelled: bool
    components: tuple[str, ...]
    latest: UpdateView | None
    recurrence: Recurrence | None = None


@dataclass(frozen=True, slots=True)
class CalendarView:
    path: str
    """Where it is, without ".ics"."""
    events: tuple[CalendarEvent, ...]
    component: str = ""
    series: tuple[SeriesEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentForms:
    """What a component has of its own beside its page."""

    id: str
    name: str
    status: str
    feed: FeedView
    calendar: CalendarView


@dataclass(frozen=True, slots=True)
class SiteView:
    """Paths for search engines, and when each last changed where that is known.

    Of notices the newest and the open ones; months link to the others.
    """

    paths: tuple[tuple[str, datetime | None], ...]
