"""What a message of each kind looks like on a page: facts as real events have them, of something made up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ids import new_id
from common.instants import optional, utc
from components.choices import ComponentStatus
from incidents.choices import Impact, IncidentKind, IncidentStatus
from pages.models import StatusPage
from subscribers.facts import page_facts

Facts = dict[str, Any]

KINDS: dict[str, str | Promise] = {
    "incident.created": gettext_lazy("An incident begins"),
    "incident.updated": gettext_lazy("News of an incident"),
    "incident.resolved": gettext_lazy("An incident is over"),
    "maintenance.scheduled": gettext_lazy("Maintenance is planned"),
    "maintenance.started": gettext_lazy("Maintenance begins"),
    "maintenance.completed": gettext_lazy("Maintenance is over"),
    "subscriber.asked": gettext_lazy("Confirming a subscription"),
    "subscriber.confirmed": gettext_lazy("Having confirmed"),
}
_STATUSES = {
    "incident.created": IncidentStatus.INVESTIGATING,
    "incident.updated": IncidentStatus.IDENTIFIED,
    "incident.resolved": IncidentStatus.RESOLVED,
    "maintenance.scheduled": IncidentStatus.SCHEDULED,
    "maintenance.started": IncidentStatus.IN_PROGRESS,
    "maintenance.completed": IncidentStatus.COMPLETED,
}
_OVER = {IncidentStatus.RESOLVED, IncidentStatus.COMPLETED}


def sample(page: StatusPage, kind: str, subscriber_id: str, now: datetime) -> Facts:
    """Of one of KINDS, in the active language. Says of itself that it is a test, wherever it is read."""
    shown = page_facts(page)
    if kind in _STATUSES:
        incident, update = _incident(page, kind, now), _update(now)
        told = {"page": shown, "incident": incident, "update": update, "sample": True}
        return told | {"shape": {"incident": _shape(incident, update, now)}}
    marked = shown | {"name": _marked(page.name)}
    subscription = {"id": subscriber_id, "state": "unconfirmed" if kind == "subscriber.asked" else "active"}
    return {"page": marked, "subscriber": subscription, "open": [], "sample": True}


def _marked(name: str) -> str:
    return _("Test: %(name)s") % {"name": name}


def _incident(page: StatusPage, kind: str, now: datetime) -> Facts:
    status, planned = _STATUSES[kind], kind.startswith("maintenance.")
    begins = now + timedelta(days=1) if status == IncidentStatus.SCHEDULED else now
    window = {
        "scheduled_for": begins.isoformat(),
        "scheduled_until": (begins + timedelta(hours=1)).isoformat(),
    }
    title = _("Maintenance of the servers") if planned else _("Pages load slowly")
    return {
        "id": new_id(),
        "kind": IncidentKind.MAINTENANCE if planned else IncidentKind.INCIDENT,
        "name": _marked(title),
        "status": status,
        "impact": Impact.MAINTENANCE if planned else Impact.MINOR,
        "url": page_facts(page)["url"],
        "window": window if planned else None,
        "components": _components(page, planned=planned, over=status in _OVER),
        "monitoring_at": None,
        "resolved_at": now.isoformat() if status in _OVER else None,
    }


def _components(page: StatusPage, *, planned: bool, over: bool) -> list[Facts]:
    """The page's first one, where it shows any."""
    during = ComponentStatus.UNDER_MAINTENANCE if planned else ComponentStatus.DEGRADED_PERFORMANCE
    status = ComponentStatus.OPERATIONAL if over else during
    first = page.components.public()[:1]
    return [{"id": one.pk, "name": one.name, "status": status, "restricted": False} for one in first]


def _update(now: datetime) -> Facts:
    body = _("This is a test, sent by the page's team. **Nothing has happened.**")
    return {"id": new_id(), "body": body, "display_at": now.isoformat()}


def _shape(incident: Facts, update: Facts, now: datetime) -> Facts:
    """As a webhook is told of a notice."""
    same = {name: incident[name] for name in ("id", "name", "status", "impact")}
    window = incident["window"] or {}
    times = {name: utc(datetime.fromisoformat(value)) for name, value in window.items()}
    resolved = datetime.fromisoformat(incident["resolved_at"]) if incident["resolved_at"] else None
    said = {"id": update["id"], "status": incident["status"], "body": update["body"]}
    stamps = {name: utc(now) for name in ("created_at", "updated_at", "display_at")}
    components = [{name: one[name] for name in ("id", "name", "status")} for one in incident["components"]]
    return {
        **same,
        **times,
        **{name: utc(now) for name in ("created_at", "updated_at", "started_at")},
        "monitoring_at": None,
        "resolved_at": optional(utc, resolved),
        "shortlink": incident["url"],
        "incident_updates": [said | stamps | {"incident_id": incident["id"], "affected_components": None}],
        "components": components,
    }
