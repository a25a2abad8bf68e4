"""What events on subscribers say: ids and words, never an address; and all that their messages need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q

from common.rows import state
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentComponent, IncidentQuerySet
from pages.links import incident_url, page_url
from pages.models import StatusPage
from subscribers.choices import Scope
from subscribers.models import Subscriber
from subscribers.wishes import COLUMNS

_SAID = ["id", "page_id", "channel", "state", "language", "time_zone", "consent_source", *COLUMNS]


def facts(page: StatusPage, subscriber: Subscriber) -> dict[str, Any]:
    components = subscriber.components.values_list("pk", flat=True)
    groups = subscriber.groups.values_list("pk", flat=True)
    return {"page": page_facts(page), "subscriber": stated(subscriber, components, groups)}


def stated(subscriber: Subscriber, components: Iterable[str], groups: Iterable[str]) -> dict[str, Any]:
    """What is said of a row, with what was chosen."""
    said = {name: value for name, value in state(subscriber).items() if name in _SAID}
    return said | {"components": sorted(components), "groups": sorted(groups)}


def page_facts(page: StatusPage) -> dict[str, str]:
    return {
        "id": page.pk,
        "name": page.name,
        "url": page_url(page),
        "time_zone": page.time_zone,
        "language": page.language,
    }


def open_now(page: StatusPage, subscriber: Subscriber) -> list[dict[str, Any]]:
    """What is open or planned of that which the subscriber asked to be told, with its newest words: incidents
    first, then work that has begun, then what is planned, soonest first, of each series the next."""
    found = _concerning(page.incidents.unresolved(), subscriber)
    notices = found.select_related("window").prefetch_related("updates")
    return [_incident(page, incident) for incident in _next_of_series(sorted(notices, key=_urgency))]


def _urgency(incident: Incident) -> tuple[bool, bool, float]:
    planned = incident.status == IncidentStatus.SCHEDULED
    began = incident.started_at.timestamp()
    return incident.kind == IncidentKind.MAINTENANCE, planned, began if planned else -began


def _next_of_series(incidents: list[Incident]) -> Iterator[Incident]:
    """Without the windows of a series that come after its next."""
    seen: set[str] = set()
    for incident in incidents:
        window = getattr(incident, "window", None)
        series = window.series_id if window and incident.status == IncidentStatus.SCHEDULED else None
        if series is None or series not in seen:
            yield incident
        if series is not None:
            seen.add(series)


def seen(incidents: IncidentQuerySet) -> IncidentQuerySet:
    """Those that every visitor of their page can see, or could before a component was deleted."""
    links = IncidentComponent.objects.filter(incident=OuterRef("pk"))
    public = Exists(links.filter(component__restricted=False)) | ~Exists(links)
    return incidents.present().filter(public)


def _incident(page: StatusPage, incident: Incident) -> dict[str, Any]:
    updates, window = list(incident.updates.all()), getattr(incident, "window", None)
    return {
        "id": incident.pk,
        "kind": incident.kind,
        "name": incident.name,
        "status": incident.status,
        "impact": incident.shown_impact,
        "url": incident_url(page, incident.pk),
        "body": updates[0].body if updates else "",
        "begins": window.scheduled_for.isoformat() if window else None,
        "ends": window.scheduled_until.isoformat() if window else None,
    }


def _concerning(incidents: IncidentQuerySet, subscriber: Subscriber) -> IncidentQuerySet:
    """Those that a visitor of the page can see and the subscriber wants."""
    links = IncidentComponent.objects.filter(incident=OuterRef("pk"))
    kinds = {IncidentKind.INCIDENT: subscriber.wants_incidents}
    kinds[IncidentKind.MAINTENANCE] = subscriber.wants_maintenance
    found = seen(incidents).filter(kind__in=[kind for kind, wanted in kinds.items() if wanted])
    if subscriber.scope == Scope.INCIDENT:
        return found.filter(pk=subscriber.incident_id)
    if subscriber.scope == Scope.COMPONENTS:
        mine = Q(component__in=subscriber.components.all()) | Q(component__group__in=subscriber.groups.all())
        return found.filter(Exists(links.filter(mine)) | ~Exists(links))
    return found
