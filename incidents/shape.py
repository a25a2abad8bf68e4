"""Incidents, maintenance and their updates as Statuspage shapes them: for `/api/v2`, `/v1` and webhooks.

Rows whose relations are already loaded, no queries. `stamp` writes instants: APIs differ in how.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from common.instants import Stamp, optional
from components.choices import ComponentStatus
from components.shape import long_name
from incidents.choices import IncidentKind
from incidents.models import AffectedComponent, Incident, IncidentComponent, IncidentUpdate

Shape = dict[str, Any]


def incident_shape(
    incident: Incident, updates: Iterable[Shape], components: Iterable[Shape], stamp: Stamp, url: str
) -> Shape:
    """`updates` newest first; `url` is where the page tells of it. A maintenance has its window loaded."""
    shape = {
        "id": incident.pk,
        "name": incident.name,
        "status": incident.status,
        "created_at": stamp(incident.created_at),
        "updated_at": stamp(last_touched(incident)),
        "monitoring_at": optional(stamp, incident.monitoring_at),
        "resolved_at": optional(stamp, incident.resolved_at),
        "impact": incident.shown_impact,
        "shortlink": incident.shortlink or url,
        "started_at": stamp(incident.started_at),
        "page_id": incident.page_id,
        "incident_updates": list(updates),
        "components": list(components),
        "reminder_intervals": None,
    }
    if incident.kind == IncidentKind.MAINTENANCE:
        shape["scheduled_for"] = stamp(incident.window.scheduled_for)
        shape["scheduled_until"] = stamp(incident.window.scheduled_until)
    return shape


def last_touched(incident: Incident) -> datetime:
    """When anything of it last changed, its updates included."""
    return max([incident.updated_at, *(update.updated_at for update in incident.updates.all())])


def last_word(link: IncidentComponent) -> str:
    """What the notice gives the component, or leaves of it once over; operational where it never said."""
    return link.status or ComponentStatus.OPERATIONAL.value


def update_shape(update: IncidentUpdate, affected: Iterable[AffectedComponent], stamp: Stamp) -> Shape:
    """`affected`: of the update's, those that the reader may see, components and groups loaded."""
    return {
        "id": update.pk,
        "status": update.status,
        "body": update.body,
        "incident_id": update.incident_id,
        "created_at": stamp(update.created_at),
        "updated_at": stamp(update.updated_at),
        "display_at": stamp(update.display_at),
        "affected_components": [affected_shape(one) for one in affected] or None,
        "deliver_notifications": update.deliver_notifications,
        "custom_tweet": None,
        "tweet_id": None,
    }


def affected_shape(affected: AffectedComponent) -> Shape:
    return {
        "code": affected.component_id,
        "name": long_name(affected.component),
        "old_status": affected.old_status,
        "new_status": affected.new_status,
    }
