"""Verbs that change all that one request asks for at once: corrections, components, and an update."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from common.rows import given
from components.status import SETTING, check, current, say, take_back
from events.actor import Actor
from incidents.actions.incident import INCIDENT_FIELDS, correct, go_on, locked_incident
from incidents.actions.maintenance import MAINTENANCE_FIELDS, amend, cancel, complete, say_how
from incidents.choices import IncidentStatus
from incidents.models import Incident, MaintenanceWindow
from incidents.steps import Statuses, Words, affect, record, speaker
from incidents.windows import locked_maintenance
from pages.change import Change, page_change
from pages.models import StatusPage


def revise_incident(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    words: Words | None = None,
    *,
    statuses: Statuses | None = None,
    only: Collection[str] | None = None,
    to_operational: bool = False,
    **fields: Any,
) -> Incident:
    """Correct `fields` (of INCIDENT_FIELDS), and with `words` write an update. One version, or nothing.

    `statuses`: of components, without an update (with `words`, they are said there). `only`: the ids of all
    components that it is about; others are taken off it. Subscribers hear of the update alone.
    """
    fields = given(fields, INCIDENT_FIELDS, Incident)
    with page_change(page, actor, notify=words is not None and words.deliver) as change:
        incident = locked_incident(change, incident)
        changed = correct(change, incident, fields)
        changed |= only is not None and _is_about(change, incident, only)
        changed |= bool(statuses) and _tell_apart(change, incident, statuses or {})
        if changed:
            record(change, "incident.edited", incident)
        if words is not None:
            go_on(change, incident, words, to_operational=to_operational)
    return incident


def revise_maintenance(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    words: Words | None = None,
    *,
    statuses: Statuses | None = None,
    only: Collection[str] | None = None,
    **fields: Any,
) -> Incident:
    """The same of a maintenance; `fields`: of MAINTENANCE_FIELDS. `completed` calls off one that has not
    begun."""
    fields = given(fields, MAINTENANCE_FIELDS, MaintenanceWindow, Incident)
    with page_change(page, actor, notify=words is not None and words.deliver) as change:
        incident = locked_maintenance(change, incident)
        changed = amend(change, incident, fields, only)
        changed |= bool(statuses) and _tell_apart(change, incident, statuses or {})
        if changed:
            record(change, "maintenance.edited", incident)
        if words is not None:
            _go_on(change, incident, words)
    return incident


def _go_on(change: Change, incident: Incident, words: Words) -> None:
    if words.status != IncidentStatus.COMPLETED:
        say_how(change, incident, words)
    elif incident.status == IncidentStatus.SCHEDULED:
        cancel(change, incident, words.body)
    else:
        complete(change, incident, words, words.deliver)


def _is_about(change: Change, incident: Incident, only: Collection[str]) -> bool:
    """Replace the components that an incident is about; what it said of the others ends."""
    check(change, dict.fromkeys(only))
    former = set(incident.links.values_list("component_id", flat=True))
    gone, new = former - set(only), set(only) - former
    take_back(change, speaker(incident), only=gone)
    incident.links.filter(component_id__in=gone).delete()
    affect(change, incident, None, dict.fromkeys(sorted(new)), change.now)
    return bool(gone or new)


def _tell_apart(change: Change, incident: Incident, statuses: Statuses) -> bool:
    """Say statuses without an update; whether any differs. Of a notice that is over, they are set as if by
    hand; to work that has not begun, the components are attached alone."""
    check(change, statuses)
    said = {} if incident.status == IncidentStatus.SCHEDULED else _differing(statuses)
    new = set(statuses) - set(incident.links.values_list("component_id", flat=True))
    if incident.resolved_at is None:
        affect(change, incident, None, dict.fromkeys(new) | said, change.now)
    else:
        affect(change, incident, None, dict.fromkeys(new), change.now)
        say(change, SETTING, said)
    return bool(new or said)


def _differing(statuses: Statuses) -> dict[str, str]:
    """Of what is to be said, that which is not so already."""
    now = current(list(statuses))
    return {one: to for one, to in statuses.items() if to is not None and to != now[one]}
