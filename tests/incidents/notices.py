"""A maintenance for tests, and looking at what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from components.models import Component, StatusChange
from components.status import current
from events.models import Event
from incidents.actions.maintenance import schedule_maintenance
from incidents.models import Incident
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON


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
