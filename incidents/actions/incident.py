"""Verbs on incidents. Each is one change of one page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add
from common.rows import change as change_row
from components.models import Statement
from components.status import take_back, with_effect
from events.actor import Actor
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentUpdate
from incidents.occurrences import follow
from incidents.steps import (
    Words,
    end_statements,
    locked,
    record,
    speaker,
    update_facts,
    write_update,
)
from pages.change import Change, page_change
from pages.models import StatusPage

# From when, and until when: None while it is open.
Span = tuple[datetime, datetime | None]

INCIDENT_FIELDS = frozenset(
    {
        "name",
        "impact_override",
        "started_at",
        "detected_at",
        "impact_started_at",
        "mitigated_at",
        "resolved_at",
        "next_update_by",
    }
)
UPDATE_FIELDS = frozenset({"body", "technical_details", "display_at"})


def open_incident(
    page: StatusPage,
    actor: Actor,
    words: Words,
    *,
    name: str,
    notify: bool = True,
    notify_at: datetime | None = None,
    **fields: Any,
) -> Incident:
    """Tell that something is wrong. `fields` are of INCIDENT_FIELDS; it began now unless told otherwise."""
    with page_change(page, actor, notify=notify and words.deliver, notify_at=notify_at) as change:
        incident = _new(change, name, words.status, fields)
        update = write_update(change, incident, words)
        _follow_status(change, incident, words.status, to_operational=True)
        record(change, "incident.created", incident, update, notify=True)
    return incident


def post_update(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    words: Words,
    *,
    to_operational: bool = True,
    notify: bool = True,
    notify_at: datetime | None = None,
    next_update_by: datetime | None = None,
) -> IncidentUpdate:
    """Say how an incident goes on. A closing status resolves it, an open one reopens a resolved one.

    On resolving, components go back to operational, unless `to_operational` is False or `words` names
    statuses of its own.
    """
    with page_change(page, actor, notify=notify and words.deliver, notify_at=notify_at) as change:
        incident = locked(change, incident)
        if incident.kind != IncidentKind.INCIDENT:
            message = _("This is a maintenance: use its own verbs.")
            raise Refused(message)
        if words.status == IncidentStatus.POSTMORTEM != incident.status:
            message = _("Write and publish a postmortem: that gives the incident this status.")
            raise Refused(message, "status")
        name = _event_name(incident, words.status)
        update = write_update(change, incident, words)
        incident.next_update_by = next_update_by
        incident.save(update_fields=["next_update_by"])
        explicit = any(status is not None for status in words.components.values())
        _follow_status(change, incident, words.status, to_operational=to_operational and not explicit)
        record(change, name, incident, update, notify=True)
    return update


def resolve(page: StatusPage, incident: Incident, actor: Actor, body: str = "", **how: Any) -> IncidentUpdate:
    """Tell that it is over; `how` as for `post_update`."""
    return post_update(page, incident, actor, Words(IncidentStatus.RESOLVED, body), **how)


def edit_incident(page: StatusPage, incident: Incident, actor: Actor, **fields: Any) -> Incident:
    """Correct what is known of an incident: name, impact, times. Corrected times correct the history.

    Tells nobody; what was known before stays in the events.
    """
    with page_change(page, actor, notify=False) as change:
        incident = locked(change, incident)
        former = _span(incident)
        _check_times(incident, fields)
        if change_row(incident, fields, change.now, INCIDENT_FIELDS):
            _move_statements(change, incident, former, _span(incident))
            record(change, "incident.edited", incident)
    return incident


def edit_update(page: StatusPage, update: IncidentUpdate, actor: Actor, **fields: Any) -> IncidentUpdate:
    """Correct the text or the displayed time of an update. Tells nobody."""
    with page_change(page, actor, notify=False) as change:
        update = _locked_update(change, update)
        if change_row(update, fields, change.now, UPDATE_FIELDS):
            change.record("incident.update_edited", "incident_update", update.pk, update_facts(update))
            record(change, "incident.edited", update.incident)
    return update


def delete_incident(page: StatusPage, incident: Incident, actor: Actor) -> None:
    """Take a notice off the page; what it said of components ends. Tells nobody."""
    with page_change(page, actor, notify=False) as change:
        incident = locked(change, incident)
        take_back(change, speaker(incident))
        incident.deleted_at = incident.updated_at = change.now
        incident.save(update_fields=["deleted_at", "updated_at"])
        follow(change, incident)
        record(change, "incident.deleted", incident)


def backfill_incident(
    page: StatusPage,
    actor: Actor,
    *,
    name: str,
    started_at: datetime,
    resolved_at: datetime,
    body: str,
    components: Mapping[str, str] | None = None,
    **fields: Any,
) -> Incident:
    """Add an incident that is over to the history. Tells nobody."""
    with page_change(page, actor, notify=False) as change:
        if not started_at <= resolved_at <= change.now:
            message = _("An incident begins before it ends, and a past one has ended.")
            raise Refused(message, "resolved_at")
        span = {"started_at": started_at, "backfilled": True}
        incident = _new(change, name, IncidentStatus.INVESTIGATING, fields | span)
        words = Words(
            IncidentStatus.RESOLVED, body, components=components or {}, display_at=resolved_at, deliver=False
        )
        update = write_update(change, incident, words)
        _close(incident, IncidentStatus.RESOLVED, resolved_at)
        take_back(change, speaker(incident), at=resolved_at)
        record(change, "incident.backfilled", incident, update)
    return incident


def _new(change: Change, name: str, status: str, fields: dict[str, Any]) -> Incident:
    if status not in IncidentStatus.open_of_kind(IncidentKind.INCIDENT) and status != IncidentStatus.RESOLVED:
        message = _("“%(status)s” is not a status that an incident begins with.") % {"status": status}
        raise Refused(message, "status")
    values = {"started_at": change.now, "detected_at": change.now} | {
        key: value for key, value in fields.items() if value is not None
    }
    if values["started_at"] > change.now:
        message = _("An incident cannot begin in the future. Plan a maintenance instead.")
        raise Refused(message, "started_at")
    values["detected_at"] = max(values["detected_at"], values["started_at"])
    return add(
        Incident(
            page=change.page,
            name=name,
            status=IncidentStatus.INVESTIGATING,
            created_at=change.now,
            updated_at=change.now,
            **values,
        )
    )


def _follow_status(change: Change, incident: Incident, status: str, *, to_operational: bool) -> None:
    """Bring the incident's own columns in line with its newest update."""
    if IncidentStatus(status).is_open:
        incident.status, incident.resolved_at = status, None
        if status == IncidentStatus.MONITORING:
            incident.monitoring_at = change.now
        incident.updated_at = change.now
        incident.save(update_fields=["status", "resolved_at", "monitoring_at", "updated_at"])
        return
    _close(incident, status, incident.resolved_at or change.now)
    end_statements(change, incident, to_operational=to_operational)


def _close(incident: Incident, status: str, at: datetime) -> None:
    incident.status, incident.resolved_at, incident.next_update_by = status, at, None
    incident.save(update_fields=["status", "resolved_at", "next_update_by"])


def _event_name(incident: Incident, status: str) -> str:
    was_open, is_open = IncidentStatus(incident.status).is_open, IncidentStatus(status).is_open
    if was_open and not is_open:
        return "incident.resolved"
    return "incident.reopened" if is_open and not was_open else "incident.updated"


def _locked_update(change: Change, update: IncidentUpdate) -> IncidentUpdate:
    found = (
        IncidentUpdate.objects.filter(pk=update.pk, incident__page=change.page, incident__deleted_at=None)
        .select_related("incident")
        .first()
    )
    if found is None:
        message = _("This update has been deleted meanwhile.")
        raise Refused(message)
    return found


def _span(incident: Incident) -> Span:
    return incident.impact_started_at or incident.started_at, incident.resolved_at


def _check_times(incident: Incident, fields: Mapping[str, Any]) -> None:
    started = fields.get("started_at", incident.started_at)
    resolved = fields.get("resolved_at", incident.resolved_at)
    if (resolved is None) != (incident.resolved_at is None):
        message = _("Only an update resolves or reopens an incident.")
        raise Refused(message, "resolved_at")
    if resolved is not None and resolved < started:
        message = _("An incident begins before it ends.")
        raise Refused(message, "resolved_at")


def _move_statements(change: Change, incident: Incident, former: Span, now: Span) -> None:
    """What was said from the incident's beginning, or up to its end, moves with them; the rest is cut."""
    if former == now:
        return
    mine = list(Statement.objects.of(speaker(incident).source, incident.pk))

    def move() -> None:
        for statement in mine:
            _fit(statement, former, now)

    with_effect(change, [one.component_id for one in mine], min(former[0], now[0]), False, move)


def _fit(statement: Statement, former: Span, now: Span) -> None:
    """Move or cut one statement; nothing is left of one that lies outside."""
    begun = now[0] if statement.begun == former[0] else max(statement.begun, now[0])
    ended = now[1] if statement.ended in {former[1], None} else statement.ended
    if ended and now[1]:
        ended = min(ended, now[1])
    if ended and ended <= begun:
        statement.delete()
        return
    statement.begun, statement.ended = begun, ended
    statement.save(update_fields=["begun", "ended"])
