"""Postmortems of incidents."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.schema.templates import DraftInput, PublishBody
from api.schema.templates import Postmortem as Given
from api.v1.incident_trials import TRIAL, tried_or_done
from common.instants import optional, utc_seconds
from incidents.actions.postmortem import (
    delete_postmortem,
    publish_postmortem,
    revert_postmortem,
    write_postmortem,
)
from incidents.choices import IncidentStatus
from incidents.models import Incident, IncidentUpdate, Postmortem
from pages.models import StatusPage
from tenants.models import Role, Scope

_ONE = "pages/{page_id}/incidents/{incident_id}/postmortem"


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Given)
def get_postmortem(call: Call, page: StatusPage, incident_id: str) -> Any:
    """The postmortem of an incident, its draft included."""
    return _shape(page, incident_id)


@operation("PUT POST", _ONE, Scope.INCIDENTS, Role.EDITOR, takes=Takes(DraftInput, "postmortem"), gives=Given)
def write_draft(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Keep a draft. What is published stays as it is until it is published anew."""
    write_postmortem(page, _incident(page, incident_id), call.actor, call.data.get("body_draft") or "")
    return _shape(page, incident_id)


@operation("DELETE", _ONE, Scope.INCIDENTS, Role.EDITOR, status=204)
def remove_postmortem(call: Call, page: StatusPage, incident_id: str) -> None:
    """Remove the draft, and what is published of it."""
    delete_postmortem(page, _found(page, incident_id).incident, call.actor)


@operation(
    "PUT POST",
    f"{_ONE}/publish",
    Scope.INCIDENTS,
    Role.EDITOR,
    takes=Takes(PublishBody),
    gives=Given,
    parameters=(TRIAL,),
)
def publish(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Show the draft on the page."""
    incident = _found(page, incident_id).incident
    notify = bool((call.data.get("postmortem") or {}).get("notify_subscribers"))
    return tried_or_done(
        call,
        page,
        lambda stage: publish_postmortem(stage, incident, call.actor, notify=notify),
        lambda _done: _shape(page, incident_id),
    )


@operation("PUT POST", f"{_ONE}/revert", Scope.INCIDENTS, Role.EDITOR, gives=Given)
def revert(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Take it off the page. The draft stays."""
    revert_postmortem(page, _found(page, incident_id).incident, call.actor)
    return _shape(page, incident_id)


def _incident(page: StatusPage, incident_id: str) -> Incident:
    found: Incident = page.incidents.present().incidents().get(pk=incident_id)
    return found


def _found(page: StatusPage, incident_id: str) -> Postmortem:
    here = Postmortem.objects.filter(incident__page=page, incident__deleted_at=None)
    return here.select_related("incident").get(pk=incident_id)


def _shape(page: StatusPage, incident_id: str) -> dict[str, Any]:
    found = _found(page, incident_id)
    announced = IncidentUpdate.objects.filter(incident=incident_id, status=IncidentStatus.POSTMORTEM)
    return {
        "preview_key": None,
        "body": found.body or None,
        "body_updated_at": optional(utc_seconds, found.body_at),
        "body_draft": found.draft or None,
        "body_draft_updated_at": optional(utc_seconds, found.draft_at),
        "published_at": optional(utc_seconds, found.published_at),
        "notify_subscribers": announced.filter(deliver_notifications=True).exists(),
        "notify_twitter": False,
        "custom_tweet": None,
        "created_at": utc_seconds(found.created_at),
        "updated_at": utc_seconds(found.updated_at),
    }
