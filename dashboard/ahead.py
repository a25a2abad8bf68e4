"""What a maintenance will do, when, whom that tells, and what it collides with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from incidents.models import Incident, MaintenanceWindow
from incidents.windows import UNDERWAY
from pages.models import StatusPage
from publishing.building import calendar
from publishing.snapshot import YearMonth


@dataclass(frozen=True, slots=True)
class Step:
    """`tells`: whether subscribers are told. `by_hand`: nothing happens unless a person does it."""

    at: datetime
    what: str
    tells: bool
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another maintenance at the same time; `shared`: names of components that both are about."""

    incident: Incident
    shared: list[str]


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    is_outside: bool
    is_today: bool
    windows: list[MaintenanceWindow] = field(default_factory=list)


def steps(window: MaintenanceWindow, status: str, now: datetime) -> list[Step]:
    """All that is still to come of it, in order."""
    found = []
    if status not in UNDERWAY:
        found = [Step(at, _("Reminder"), True) for at in _reminders(window) if at > now]
        found.append(_start(window))
    found.append(_end(window))
    return sorted(found, key=lambda one: one.at)


def _reminders(window: MaintenanceWindow) -> list[datetime]:
    return [window.scheduled_for - timedelta(minutes=before) for before in window.reminders]


def _start(window: MaintenanceWindow) -> Step:
    what = _("Begins; its components go under maintenance") if window.to_maintenance else _("Begins")
    return Step(window.scheduled_for, what, window.notify_at_start, not window.auto_start)


def _end(window: MaintenanceWindow) -> Step:
    what = _("Ends; its components go back to operational") if window.to_operational else _("Ends")
    return Step(window.scheduled_until, what, window.notify_at_end, not window.auto_complete)


def conflicts(
    page: StatusPage, begins: datetime, ends: datetime, components: Collection[str], but: str = ""
) -> list[Conflict]:
    """Other open maintenance of the page in that time, those that share components first."""
    rows = page.incidents.maintenance().unresolved().exclude(pk=but).select_related("window")
    rows = rows.filter(window__scheduled_for__lt=ends, window__scheduled_until__gt=begins)
    found = [
        Conflict(one, [c.name for c in one.components.all() if c.pk in components])
        for one in rows.prefetch_related("components").order_by("window__scheduled_for")
    ]
    return sorted(found, key=lambda one: not one.shared)


def month(page: StatusPage, year_month: YearMonth, today: date) -> list[list[Day]]:
    """The weeks, from Monday on, that the month is in, with the windows of each day in the page's zone."""
    first, last = calendar.first_day(year_month), calendar.last_day(year_month)
    begun = first - timedelta(days=first.weekday())
    number = ((last - begun).days // 7 + 1) * 7
    days = [begun + timedelta(days=one) for one in range(number)]
    on = _by_day(page, days)
    cells = [Day(day, not first <= day <= last, day == today, on.get(day, [])) for day in days]
    return [cells[at : at + 7] for at in range(0, number, 7)]


def _by_day(page: StatusPage, days: list[date]) -> dict[date, list[Any]]:
    begins, ends = (calendar.midnight(day, page.zone) for day in (days[0], days[-1] + timedelta(days=1)))
    rows = MaintenanceWindow.objects.filter(
        incident__page=page,
        incident__deleted_at=None,
        cancelled=False,
        scheduled_for__lt=ends,
        scheduled_until__gt=begins,
    )
    found: dict[date, list[Any]] = {}
    for window in rows.select_related("incident").order_by("scheduled_for"):
        for day in _days_of(window, page):
            found.setdefault(day, []).append(window)
    return found


def _days_of(window: MaintenanceWindow, page: StatusPage) -> Iterable[date]:
    first = window.scheduled_for.astimezone(page.zone).date()
    last = (window.scheduled_until - timedelta(microseconds=1)).astimezone(page.zone).date()
    return (first + timedelta(days=one) for one in range(min((last - first).days + 1, 62)))
