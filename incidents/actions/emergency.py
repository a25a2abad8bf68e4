"""The verb that brings into the history what was written by hand while the database was gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.rows import add
from common.rows import change as change_row
from events.actor import Actor
from incidents.cadence import count_anew
from incidents.choices import IncidentStatus
from incidents.models import Incident, IncidentUpdate
from incidents.steps import record, update_facts
from pages.change import Change, page_change
from pages.models import StatusPage


@dataclass(frozen=True, slots=True)
class Written:
    """One update as it was shown. Its id becomes that of the row, so that it is added once."""

    id: str
    status: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class WrittenIncident:
    """`updates`, at least one, oldest first. `told`: ids of subscribers who have had the newest already."""

    id: str
    name: str
    impact: str
    updates: Sequence[Written]
    told: Collection[str] = ()


def fold_incident(page: StatusPage, actor: Actor, written: WrittenIncident) -> int:
    """Add a notice, or what is new of it, at the times at which it was shown; how many updates were added.

    Tells the newest to everybody who has not been told. An incident that was deleted since stays so.
    """
    with page_change(page, actor) as change:
        known = set(IncidentUpdate.objects.filter(incident=written.id).values_list("pk", flat=True))
        new = [one for one in written.updates if one.id not in known]
        incident = change.page.incidents.filter(pk=written.id).first()
        if not new or (incident is not None and incident.deleted_at is not None):
            return 0
        kind = "incident.updated" if incident is not None else "incident.created"
        incident = incident or _added(change, written)
        updates = [_said(change, incident, one) for one in new]
        for update in updates[:-1]:
            change.record("incident.update_written", "incident_update", update.pk, update_facts(update))
        is_over = _follow(change, incident, updates)
        count_anew(change, incident)
        told = sorted(written.told)
        record(
            change, "incident.resolved" if is_over else kind, incident, updates[-1], notify=True, told=told
        )
    return len(updates)


def _added(change: Change, written: WrittenIncident) -> Incident:
    began = min(written.updates[0].at, change.now)
    return add(
        Incident(
            pk=written.id,
            page=change.page,
            name=written.name,
            status=IncidentStatus.INVESTIGATING,
            impact_override=written.impact,
            started_at=began,
            detected_at=began,
            created_at=change.now,
            updated_at=change.now,
        )
    )


def _said(change: Change, incident: Incident, written: Written) -> IncidentUpdate:
    """A clock that was ahead on the day does not put an update into the future."""
    return add(
        IncidentUpdate(
            pk=written.id,
            incident=incident,
            status=written.status,
            body=written.text,
            display_at=max(incident.started_at, min(written.at, change.now)),
            created_at=change.now,
            updated_at=change.now,
        )
    )


def _follow(change: Change, incident: Incident, updates: Sequence[IncidentUpdate]) -> bool:
    """Bring the incident in line with its new updates, the newest last; whether it is over."""
    newest, monitored = updates[-1], [one for one in updates if one.status == IncidentStatus.MONITORING]
    is_over = newest.status == IncidentStatus.RESOLVED
    values = {"status": newest.status, "resolved_at": newest.display_at if is_over else None}
    if monitored:
        values["monitoring_at"] = monitored[-1].display_at
    change_row(incident, values, change.now, values.keys())
    return is_over
