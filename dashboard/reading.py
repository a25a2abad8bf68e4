"""What screens show of a page: read here, rendered without another query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Max, Prefetch, QuerySet
from django.utils.translation import gettext as _

from components.choices import ComponentStatus
from components.indicator import indicator
from components.models import Component
from events.models import Event
from incidents.choices import IncidentStatus
from incidents.models import AffectedComponent, Incident, IncidentUpdate
from notifications.models import Notification
from notifications.progress import Progress, progress_of
from pages.choices import PageIndicator
from pages.models import StatusPage

_SOON = timedelta(minutes=5)
# So many of an incident's components are named where it is one of several.
_NAMED = 3
_JUST = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Shown:
    """An open incident: `due` is "", "soon" or "overdue", as its promised update is."""

    incident: Incident
    written_at: datetime
    due: str


@dataclass(frozen=True, slots=True)
class Group:
    """Components that stand together; `name` is empty for those without a group."""

    name: str
    components: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """A message to many, and how far it has come."""

    notification: Notification
    progress: Progress

    @property
    def status(self) -> IncidentStatus | None:
        """Of the incident, as the message says it; None where it is about something else."""
        said = self.notification.facts.get("incident", {}).get("status")
        return IncidentStatus(said) if said else None

    @property
    def about(self) -> str:
        facts: dict[str, Any] = self.notification.facts
        about = facts.get("incident") or facts.get("component") or facts
        return str(about.get("name") or about.get("title") or "")


def components_of(page: StatusPage) -> list[Any]:
    """Present ones with their status, in the order of the page."""
    rows = page.components.present().with_status().select_related("group")
    return sorted(rows, key=lambda one: one.group.position if one.group else one.position)


def grouped(components: Iterable[Any]) -> list[Group]:
    groups: list[Group] = []
    for one in components:
        name = one.group.name if one.group else ""
        if not groups or groups[-1].name != name:
            groups.append(Group(name))
        groups[-1].components.append(one)
    return groups


def headline(page: StatusPage, components: Iterable[Any]) -> tuple[PageIndicator, str]:
    """What the top of the public page says, in the reader's language."""
    statuses = [one.status for one in components if not one.restricted]
    found, sentence = indicator(statuses, {page.open_impact} if page.open_impact else set())
    return found, _(sentence)


def open_incidents(page: StatusPage, now: datetime) -> list[Shown]:
    """Newest first, with when each was last written of."""
    rows = page.incidents.unresolved().incidents().annotate(written_at=Max("updates__created_at"))
    first = Prefetch("components", Component.objects.order_by("position")[:_NAMED], to_attr="named")
    return [Shown(one, _written(one), due(one, now)) for one in rows.prefetch_related(first)]


def due(incident: Incident, now: datetime) -> str:
    """How its promised update is: "overdue", "soon", or neither."""
    promised = incident.next_update_by
    if promised is None or not IncidentStatus(incident.status).is_open:
        return ""
    if promised <= now:
        return "overdue"
    return "soon" if promised - now <= _SOON else ""


def maintenance_ahead(page: StatusPage) -> QuerySet[Incident]:
    """What is under way or planned, the next first."""
    return (
        page.incidents.maintenance().unresolved().select_related("window").order_by("window__scheduled_for")
    )


def told_lately(page: StatusPage, tenant_id: str, most: int = 5) -> list[Told]:
    """The newest messages of the page."""
    rows = Notification.objects.of(tenant_id).filter(page_id=page.pk, version__isnull=False)
    return with_progress(rows.order_by("-id")[:most])


def told_of(incident: Incident, tenant_id: str) -> list[Told]:
    """The messages about an incident, newest first."""
    rows = Notification.objects.of(tenant_id).filter(incident_id=incident.pk, version__isnull=False)
    return with_progress(rows.order_by("-id"))


def timeline(incident: Incident) -> list[tuple[IncidentUpdate, list[tuple[str, str, Any]]]]:
    """Its updates, the newest first, each with what it said of components: names, status, label."""
    rows = AffectedComponent.objects.filter(update__incident=incident).order_by("update", "new_status")
    said: dict[str, list[tuple[str, str, Any]]] = {}
    names = StringAgg("component__name", ", ", order_by=["component__position", "component__name"])
    for pk, status, about in rows.values_list("update", "new_status").annotate(names=names):
        said.setdefault(pk, []).append((about, status, ComponentStatus(status).label))
    return [(one, said.get(one.pk, [])) for one in incident.updates.all()]


def is_under_way(incident: Incident, told: Sequence[Told], now: datetime) -> bool:
    """Whether there is more to come: messages that are not over, or news that has just not become any yet."""
    if any(not one.progress.is_over for one in told):
        return True
    events = Event.objects.about("incident", incident.pk).filter(notify=True, at__gt=now - _JUST)
    newest = events.order_by("-id").values_list("pk", flat=True).first()
    return newest is not None and newest not in {one.notification.event_id for one in told}


def with_progress(notifications: Iterable[Notification]) -> list[Told]:
    rows = list(notifications)
    found = progress_of(rows)
    return [Told(one, found[one.pk]) for one in rows]


def not_well(components: Sequence[Component]) -> list[Any]:
    return [one for one in components if one.status != ComponentStatus.OPERATIONAL]  # type: ignore[attr-defined]


def _written(incident: Any) -> datetime:
    found: datetime = incident.written_at or incident.created_at
    return found
