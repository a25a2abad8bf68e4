"""Verbs on postmortems. A draft is the team's alone; publishing it changes the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, state
from common.rows import change as change_row
from events.actor import Actor
from incidents.choices import IncidentStatus
from incidents.models import Incident, Postmortem
from incidents.steps import Words, check_seen, locked, record, update_facts, write_update
from pages.change import Change, check_condition, page_change
from pages.change import record as record_hidden
from pages.models import StatusPage


def write_postmortem(
    page: StatusPage, incident: Incident, actor: Actor, draft: str, *, seen: int | None = None
) -> Postmortem:
    """Keep a draft. What is published stays as it is until it is published anew.

    `seen`: id of the newest event about it that its writer knows of; raises Overtaken where there is a newer.
    """
    with transaction.atomic(durable=True):
        found = page.incidents.present().incidents().select_for_update(no_key=True).filter(pk=incident.pk)
        if not found.exists():
            message = _("This incident has been deleted meanwhile, or is none.")
            raise Refused(message)
        check_seen("postmortem", incident.pk, seen)
        check_condition()
        now = timezone.now()
        postmortem = Postmortem.objects.filter(incident=incident.pk).first()
        if postmortem is None:
            postmortem = add(_drafted(incident, draft, now))
        elif postmortem.draft == draft:
            return postmortem
        else:
            values = {"draft": draft, "draft_at": now}
            change_row(postmortem, values, now, values.keys())
        _record_draft(page, actor, "postmortem.written", postmortem)
    return postmortem


def publish_postmortem(
    page: StatusPage, incident: Incident, actor: Actor, *, notify: bool = True
) -> Postmortem:
    """Show the draft on the page. Publishing anew replaces the text and tells nobody."""
    with page_change(page, actor, notify=notify) as change:
        incident = locked(change, incident)
        postmortem = _written(incident)
        if postmortem.published_at is not None:
            _replace(change, incident, postmortem)
            return postmortem
        if incident.status != IncidentStatus.RESOLVED:
            message = _("A postmortem is published once its incident is resolved.")
            raise Refused(message, "status")
        _set(change, postmortem, body=postmortem.draft, published_at=change.now, body_at=change.now)
        update = write_update(change, incident, Words(IncidentStatus.POSTMORTEM, deliver=notify))
        _set(change, incident, status=IncidentStatus.POSTMORTEM)
        facts = _facts(postmortem)
        record(change, "incident.postmortem_published", incident, update, notify=True, postmortem=facts)
    return postmortem


def revert_postmortem(page: StatusPage, incident: Incident, actor: Actor) -> Postmortem:
    """Take a postmortem off the page; the incident is resolved as before, and the draft stays."""
    with page_change(page, actor, notify=False) as change:
        incident = locked(change, incident)
        postmortem = Postmortem.objects.filter(incident=incident).exclude(published_at=None).first()
        if postmortem is None:
            message = _("No postmortem of this incident is published.")
            raise Refused(message)
        _take_off(change, incident, postmortem)
    return postmortem


def delete_postmortem(page: StatusPage, incident: Incident, actor: Actor) -> None:
    """Remove the draft, and what is published of it."""
    with page_change(page, actor, notify=False) as change:
        incident = locked(change, incident)
        postmortem = Postmortem.objects.filter(incident=incident).first()
        if postmortem is None:
            message = _("This incident has no postmortem.")
            raise Refused(message)
        if postmortem.published_at is not None:
            _take_off(change, incident, postmortem)
        # Before the event, as in writing one: who holds the log's clock waits for no row.
        Postmortem.objects.filter(pk=postmortem.pk).delete()
        _record_draft(change.page, actor, "postmortem.deleted", postmortem)


def _drafted(incident: Incident, draft: str, now: datetime) -> Postmortem:
    return Postmortem(incident_id=incident.pk, draft=draft, draft_at=now, created_at=now, updated_at=now)


def _written(incident: Incident) -> Postmortem:
    postmortem = Postmortem.objects.filter(incident=incident).first()
    if postmortem is None or not postmortem.draft.strip():
        message = _("There is nothing to publish: write the postmortem first.")
        raise Refused(message, "draft")
    return postmortem


def _replace(change: Change, incident: Incident, postmortem: Postmortem) -> None:
    if postmortem.body != postmortem.draft:
        _set(change, postmortem, body=postmortem.draft, body_at=change.now)
        record(change, "incident.postmortem_edited", incident, postmortem=_facts(postmortem))


def _take_off(change: Change, incident: Incident, postmortem: Postmortem) -> None:
    for update in incident.updates.filter(status=IncidentStatus.POSTMORTEM):
        change.record("incident.update_deleted", "incident_update", update.pk, update_facts(update))
        update.delete()
    _set(change, postmortem, body="", published_at=None, body_at=None)
    if incident.status == IncidentStatus.POSTMORTEM:
        _set(change, incident, status=IncidentStatus.RESOLVED)
    record(change, "incident.postmortem_reverted", incident)


def _set(change: Change, row: Incident | Postmortem, **values: Any) -> None:
    change_row(row, values, change.now, values.keys())


def _facts(postmortem: Postmortem) -> dict[str, Any]:
    """What everybody may see of it."""
    facts = state(postmortem)
    del facts["draft"], facts["draft_at"]
    return facts


def _record_draft(page: StatusPage, actor: Actor, name: str, postmortem: Postmortem) -> None:
    record_hidden(actor, name, "postmortem", postmortem.pk, state(postmortem), page_id=page.pk)
