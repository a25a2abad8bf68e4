"""The last days of a page, and what is said of those on which nothing ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from components.uptime import Gap, intervals
from incidents.choices import IncidentKind
from pages.models import StatusPage
from publishing.building import calendar
from publishing.building.told import Told
from publishing.snapshot import HistoryDay, IncidentRef, IncidentSummary


def recent_day(
    page: StatusPage,
    day: date,
    over: Iterable[IncidentSummary],
    notices: Iterable[Told],
    gaps: Sequence[Gap],
    now: datetime,
) -> HistoryDay:
    """`over`: what began on it and is over. `notices`: also open ones. `gaps`: of the whole page."""
    begun = calendar.midnight(day, page.zone)
    ended = min(calendar.midnight(day + timedelta(days=1), page.zone), now)
    ongoing = tuple(
        IncidentRef(one.id, one.name)
        for one in notices
        if one.kind == IncidentKind.INCIDENT and one.resolved_at is None and _day_of(one, page) <= day
    )
    spans = intervals((), begun, ended, gaps)
    # Of a day that begins this very moment nothing is unknown.
    return HistoryDay(day, tuple(over), ongoing, not spans or any(span.status for span in spans))


def _day_of(notice: Told, page: StatusPage) -> date:
    return notice.started_at.astimezone(page.zone).date()
