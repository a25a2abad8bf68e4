"""Incidents and maintenance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.operations import Call, Parameter, Takes, operation
from api.paging import PAGED, part
from api.schema.incidents import Incident as Given
from api.schema.incidents import IncidentInput, IncidentUpdate, UpdateInput
from api.v1.incident_given import Asked, moment_of, read
from api.v1.incident_shapes import shape_of, shapes, update_of
from api.v1.incident_trials import TRIAL, tried_or_done
from common.errors import Refused
from incidents.actions.incident import backfill_incident, delete_incident, edit_update, open_incident
from incidents.actions.maintenance import backfill_maintenance, schedule_maintenance
from incidents.actions.revision import revise_incident, revise_maintenance
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentQuerySet
from incidents.models import IncidentUpdate as Update
from incidents.windows import UNDERWAY
from pages.models import StatusPage
from tenants.models import Role, Scope

Verb = Callable[[StatusPage], Any]

_LIST = "pages/{page_id}/incidents"
_ONE = "pages/{page_id}/incidents/{incident_id}"
_UPDATE = "pages/{page_id}/incidents/{incident_id}/incident_updates/{incident_update_id}"
_WRITES: dict[str, Any] = {
    "takes": Takes(IncidentInput, "incident"),
    "gives": Given,
    "parameters": (TRIAL,),
}
_Q = Parameter("q", "Search in name, status, updates and postmortem.")
# As in the original: what is not asked for does not happen by itself.
_UNLESS_TOLD = {"auto_start": False, "auto_complete": False, "reminders": []}


# Reading -------------------------------------------------------------------------------------------


@operation("GET", _LIST, Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=(_Q, *PAGED))
def list_incidents(call: Call, page: StatusPage) -> Any:
    """Incidents and maintenance, the newest first."""
    return _listed(call, page, page.incidents.present().matching(call.query.get("q", "")[:200]))


@operation("GET", f"{_LIST}/unresolved", Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_unresolved_incidents(call: Call, page: StatusPage) -> Any:
    """Incidents that are not over; no maintenance."""
    return _listed(call, page, page.incidents.unresolved().incidents())


@operation("GET", f"{_LIST}/scheduled", Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_scheduled_incidents(call: Call, page: StatusPage) -> Any:
    """Maintenance that is not over, whether it has begun or not."""
    return _listed(call, page, page.incidents.unresolved().maintenance())


@operation("GET", f"{_LIST}/upcoming", Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_upcoming_incidents(call: Call, page: StatusPage) -> Any:
    """Maintenance that has not begun."""
    return _listed(call, page, page.incidents.upcoming())


@operation(
    "GET", f"{_LIST}/active_maintenance", Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED
)
def list_active_maintenance(call: Call, page: StatusPage) -> Any:
    """Maintenance that has begun and is not over."""
    return _listed(call, page, page.incidents.active())


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Given)
def get_incident(call: Call, page: StatusPage, incident_id: str) -> Any:
    """One incident or maintenance."""
    return shape_of(page, incident_id)


def _listed(call: Call, page: StatusPage, found: IncidentQuerySet) -> list[dict[str, Any]]:
    return shapes(page, part(call, found.order_by("-created_at", "-pk")))


# Writing -------------------------------------------------------------------------------------------


@operation("POST", _LIST, Scope.INCIDENTS, Role.EDITOR, status=201, **_WRITES)
def add_incident(call: Call, page: StatusPage) -> Any:
    """Tell of an incident, or, with `scheduled_for`, announce a maintenance."""
    verb = _opening(call, read(call.data))
    return tried_or_done(call, page, verb, lambda incident: shape_of(page, incident.pk))


@operation("PATCH PUT", _ONE, Scope.INCIDENTS, Role.EDITOR, **_WRITES)
def change_incident(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Change an incident or maintenance. Another status or a body make an update; what is not said stays."""
    incident = page.incidents.present().select_related("window").get(pk=incident_id)
    verb = _revision(call, incident, read(call.data))
    return tried_or_done(call, page, verb, lambda _done: shape_of(page, incident_id))


@operation("DELETE", _ONE, Scope.INCIDENTS, Role.EDITOR, gives=Given)
def remove_incident(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Take an incident or maintenance off the page; what it said of components ends."""
    shape = shape_of(page, incident_id)
    delete_incident(page, page.incidents.present().get(pk=incident_id), call.actor)
    return shape


@operation(
    "PATCH PUT",
    _UPDATE,
    Scope.INCIDENTS,
    Role.EDITOR,
    takes=Takes(UpdateInput, "incident_update"),
    gives=IncidentUpdate,
)
def change_incident_update(call: Call, page: StatusPage, incident_id: str, incident_update_id: str) -> Any:
    """Correct the text or the time of an update. Tells nobody."""
    said = {name: value for name, value in call.data.items() if value is not None}
    if "message" in said:
        said["body"] = said.get("body") or said.pop("message")
    found = Update.objects.filter(incident__page=page, incident__deleted_at=None, incident=incident_id)
    edit_update(page, found.get(pk=incident_update_id), call.actor, **said)
    return update_of(found.prefetch_related("affected__component__group").get(pk=incident_update_id))


def _opening(call: Call, asked: Asked) -> Verb:
    """The verb that adds what is asked for."""
    if asked.backfilled:
        return _backfilling(call, asked)
    if asked.is_maintenance:
        return _scheduling(call, asked)
    words = asked.words(asked.status or IncidentStatus.INVESTIGATING, asked.components)
    fields = {"name": "", **asked.fields}
    return lambda page: open_incident(page, call.actor, words, **fields)


def _scheduling(call: Call, asked: Asked) -> Verb:
    fields: dict[str, Any] = {
        "name": "",
        **_UNLESS_TOLD,
        **asked.options,
        **asked.fields,
        **_both_times(asked),
    }
    components = list(asked.components)
    if asked.status == IncidentStatus.COMPLETED:
        return lambda page: backfill_maintenance(
            page, call.actor, asked.body, components=components, **fields
        )
    begun = asked.status in UNDERWAY
    statuses = asked.statuses if begun else asked.attached()
    fields |= {"components": components, "notify": asked.deliver}
    fields["begins_as"] = asked.words(asked.status, statuses) if begun else None
    return lambda page: schedule_maintenance(page, call.actor, asked.body, **fields)


def _both_times(asked: Asked) -> dict[str, Any]:
    for name in ("scheduled_for", "scheduled_until"):
        if name not in asked.times:
            message = "Say when the maintenance begins and when it ends."
            raise Refused(message, name)
    return dict(asked.times)


def _backfilling(call: Call, asked: Asked) -> Verb:
    fields = {"name": "", **asked.fields}
    if asked.times:
        how = {**asked.options, **fields, **_both_times(asked), "components": list(asked.components)}
        return lambda page: backfill_maintenance(page, call.actor, asked.body, **how)

    def verb(page: StatusPage) -> Incident:
        at = moment_of(page, asked.backfill_date, call.now) if asked.backfill_date else call.now
        how: dict[str, Any] = {"started_at": at, "resolved_at": at, "components": asked.components}
        return backfill_incident(page, call.actor, body=asked.body, **how, **fields)

    return verb


def _revision(call: Call, incident: Incident, asked: Asked) -> Verb:
    """The verb that changes a notice as asked for."""
    words, only = asked.update_of(incident), asked.only
    statuses = asked.statuses if words is None else None
    if incident.kind == IncidentKind.MAINTENANCE:
        if statuses and incident.status == IncidentStatus.SCHEDULED:
            statuses = asked.attached()
        fields = {**asked.options, **asked.fields, **asked.times}
        return lambda page: revise_maintenance(
            page, incident, call.actor, words, statuses=statuses, only=only, **fields
        )
    if asked.times:
        message = "An incident is not planned. Add a maintenance instead."
        raise Refused(message, next(iter(asked.times)))
    back = asked.back_to_operational
    return lambda page: revise_incident(
        page, incident, call.actor, words, statuses=statuses, only=only, to_operational=back, **asked.fields
    )
