"""Maintenance for tests, once and recurring, and looking at what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from components.models import Component, StatusChange
from components.status import current
from events.models import Event
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.series import create_series
from incidents.models import Incident, MaintenanceSeries
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON

WEEK = timedelta(weeks=1)
BERLIN = ZoneInfo("Europe/Berlin")
# A time on the wall clock, without a zone.
wall = datetime.fromisoformat


def scheduled(page: StatusPage, *components: Component, **options: Any) -> Incident:
    """From 13:00 to 15:00, unless told otherwise."""
    times = {"scheduled_for": NOON + HOUR, "scheduled_until": NOON + 3 * HOUR}
    ids = [one.pk for one in components]
    return schedule_maintenance(page, ACTOR, "New disks.", name="Disks", components=ids, **(times | options))


def status_of(component: Component) -> str:
    return current([component.pk])[component.pk]


def history(component: Component) -> list[tuple[str, datetime]]:
    return list(StatusChange.objects.filter(component=component).values_list("status", "at"))


def told(incident: Incident, **where: Any) -> list[tuple[str, bool]]:
    events = Event.objects.filter(object_id=incident.pk, object_type="incident", **where)
    return list(events.values_list("name", "notify"))


def statuses(incident: Incident) -> list[str]:
    """Of its updates, oldest first."""
    return list(incident.updates.order_by("display_at", "created_at").values_list("status", flat=True))


def weekly(page: StatusPage, **how: Any) -> MaintenanceSeries:
    """Each Tuesday at 02:00 in Berlin for two hours, from 24 November on, unless told otherwise."""
    usual = {
        "name": "Patches",
        "rule": "FREQ=WEEKLY;BYDAY=TU",
        "local_start": wall("2026-11-24 02:00"),
        "duration": 2 * HOUR,
    }
    return create_series(page, ACTOR, **(usual | how))


def windows(series: MaintenanceSeries) -> list[Incident]:
    """Those that have not begun, by time."""
    return list(Incident.objects.upcoming().filter(window__series=series).order_by("window__scheduled_for"))


def starts(series: MaintenanceSeries) -> list[str]:
    """When those begin, on the wall clock of Berlin."""
    local = [one.window.scheduled_for.astimezone(BERLIN) for one in windows(series)]
    return [f"{at:%m-%d %H:%M}" for at in local]
