"""Incidents and their updates as this API tells them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch

from api.v1.components import shapes as component_shapes
from common.instants import optional, utc, utc_seconds
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentQuerySet,
    IncidentUpdate,
    MaintenanceWindow,
    Postmortem,
)
from incidents.shape import incident_shape, update_shape
from pages.links import incident_url
from pages.models import StatusPage

Shape = dict[str, Any]

# Ours -> as this API calls them. Of these an incident has null.
AT_ENDS = {
    "to_maintenance": "auto_transition_to_maintenance_state",
    "to_operational": "auto_transition_to_operational_state",
    "notify_at_start": "auto_transition_deliver_notifications_at_start",
    "notify_at_end": "auto_transition_deliver_notifications_at_end",
}
_AFFECTED = AffectedComponent.objects.select_related("component__group")


def shape_of(page: StatusPage, incident_id: str) -> Shape:
    """One notice. Raises DoesNotExist where there is none."""
    return shapes(page, [page.incidents.present().get(pk=incident_id)])[0]


def shapes(page: StatusPage, incidents: Iterable[Incident]) -> list[Shape]:
    """In their order. Queries: a fixed number."""
    ids = [one.pk for one in incidents]
    found = {one.pk: one for one in _loaded(page.incidents.filter(pk__in=ids))}
    linked = {link.component_id for one in found.values() for link in one.links.all()}
    components = component_shapes(page, sorted(linked))
    return [_shape(page, found[pk], components) for pk in ids if pk in found]


def update_of(update: IncidentUpdate) -> Shape:
    shape = update_shape(update, update.affected.all(), utc)
    tweets = {"wants_twitter_update": False, "twitter_updated_at": None}
    return shape | tweets | {"status": told_status(update.status)}


def told_status(status: str) -> str:
    """A postmortem is no status of this API."""
    return IncidentStatus.RESOLVED.value if status == IncidentStatus.POSTMORTEM else status


def _loaded(incidents: IncidentQuerySet) -> IncidentQuerySet:
    affected = Prefetch("updates__affected", queryset=_AFFECTED)
    return incidents.select_related("window", "postmortem").prefetch_related("updates", affected, "links")


def _shape(page: StatusPage, incident: Incident, known: dict[str, Shape]) -> Shape:
    components = [known[link.component_id] for link in incident.links.all() if link.component_id in known]
    updates = [update_of(one) for one in incident.updates.all()]
    url = incident_url(page, incident.pk)
    shape = incident_shape(incident, updates, sorted(components, key=_place), utc_seconds, url)
    return shape | {
        "status": told_status(incident.status),
        "impact_override": incident.impact_override or None,
        "incident_impacts": [],
        "metadata": incident.metadata,
        "backfilled": incident.backfilled,
        **_schedule(incident),
        **_postmortem(incident),
    }


def _place(component: Shape) -> tuple[int, str]:
    return component["position"], component["id"]


def _schedule(incident: Incident) -> Shape:
    if incident.kind != IncidentKind.MAINTENANCE:
        nothing = dict.fromkeys(["scheduled_for", "scheduled_until", "scheduled_reminded_at"])
        no = dict.fromkeys(
            ["scheduled_remind_prior", "scheduled_auto_in_progress", "scheduled_auto_completed"], False
        )
        return nothing | no | dict.fromkeys(AT_ENDS.values())
    window = incident.window
    return {
        "scheduled_for": utc_seconds(window.scheduled_for),
        "scheduled_until": utc_seconds(window.scheduled_until),
        "scheduled_remind_prior": bool(window.reminders),
        "scheduled_reminded_at": optional(utc_seconds, _reminded_at(incident, window)),
        "scheduled_auto_in_progress": window.auto_start,
        "scheduled_auto_completed": window.auto_complete,
        **{theirs: getattr(window, ours) for ours, theirs in AT_ENDS.items()},
    }


def _reminded_at(incident: Incident, window: MaintenanceWindow) -> datetime | None:
    """The last of its reminders whose time has come since it was announced."""
    times = (window.scheduled_for - timedelta(minutes=before) for before in window.reminders)
    until = window.reminded_until or incident.created_at
    return max((at for at in times if incident.created_at < at <= until), default=None)


def _postmortem(incident: Incident) -> Shape:
    told: Postmortem | None = getattr(incident, "postmortem", None)
    shown = told is not None and told.published_at is not None
    announced = [one for one in incident.updates.all() if one.status == IncidentStatus.POSTMORTEM]
    return {
        "postmortem_body": told.body if told and shown else None,
        "postmortem_body_last_updated_at": optional(utc_seconds, told.body_at if told else None),
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": any(one.deliver_notifications for one in announced),
        "postmortem_notified_twitter": False,
        "postmortem_published_at": optional(utc_seconds, told.published_at if told else None),
    }
