"""Verbs on drafts. Visitors see nothing of one until it is published: by hand, or by itself at its time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Busy, Refused
from common.rows import add, given, state
from common.tenancy import current_tenant_id
from events.actor import SYSTEM, Actor, ActorKind
from incidents.actions.incident import NEW_FIELDS, begin, go_on, locked_incident
from incidents.drafts import Written
from incidents.models import Draft, Incident
from incidents.steps import check_seen
from outbox.queue import put
from pages.change import Change, page_change, record
from pages.models import StatusPage
from tenants.access import role_of
from tenants.models import Role, Tenant, User

DRAFT = "draft"


def keep_draft(
    page: StatusPage,
    actor: Actor,
    written: Written,
    *,
    incident: Incident | None = None,
    draft: Draft | None = None,
    publish_at: datetime | None = None,
    seen: int | None = None,
) -> Draft:
    """Keep what is written, as a new draft or in the place of `draft`; `publish_at`: it is published then.

    `incident`: the one that it is an update of. `seen`: id of the newest event about the draft that its
    writer knows of; raises Overtaken where there is a newer.
    """
    now = timezone.now()
    _check(written, incident, publish_at, now)
    with transaction.atomic(durable=True):
        kept = _locked(page, draft) if draft else Draft(page=page, incident=incident, created_at=now)
        check_seen("draft", kept.pk, seen)
        kept.name, kept.content = written.name, written.as_json
        kept.author_id, kept.publish_at, kept.problem, kept.updated_at = actor.id, publish_at, "", now
        if draft:
            kept.save(update_fields=["name", "content", "author_id", "publish_at", "problem", "updated_at"])
        else:
            add(kept)
        record(actor, "draft.written", "draft", kept.pk, state(kept), page_id=page.pk)
        if publish_at is not None:
            put(DRAFT, current_tenant_id(), [kept.pk], due_at=publish_at)
    return kept


def discard_draft(page: StatusPage, draft: Draft, actor: Actor) -> None:
    with transaction.atomic(durable=True):
        draft = _locked(page, draft)
        record(actor, "draft.discarded", "draft", draft.pk, state(draft), page_id=page.pk)
        draft.delete()


def publish_draft(page: StatusPage, draft: Draft, actor: Actor, *, seen: int | None = None) -> Incident:
    """Say what the draft says, now; it is gone then. Never twice, whoever asks at the same time.

    `seen`: of an update, id of the newest event about its incident that its writer knows of; raises
    Overtaken where there is a newer.
    """
    with page_change(page, actor) as change:
        return _publish(change, _locked(page, draft), seen)


def publish_if_due(page: StatusPage, draft: Draft) -> None:
    """At its time, as its author, who may still do so. Where it is refused, the draft stays and says why.

    Whether it is due is looked at once nobody else can change it. Raises Busy.
    """
    try:
        with page_change(page, Actor(ActorKind.USER, draft.author_id)) as change:
            kept = _locked(page, draft)
            if kept.publish_at is None:
                return
            # Whoever wrote it anew meanwhile is its author now: it comes back with them.
            if kept.updated_at != draft.updated_at or kept.publish_at > change.now:
                put(DRAFT, current_tenant_id(), [kept.pk], due_at=kept.publish_at)
                return
            _check_author(page, kept)
            _publish(change, kept, None)
    except Busy:
        raise
    except Refused as refusal:
        _note(draft, refusal.message)


def _publish(change: Change, draft: Draft, seen: int | None) -> Incident:
    """Step: the draft is ours."""
    written = Written.of(draft.content)
    change.notify, change.notify_at = written.words.deliver, written.told_at(change.now)
    if draft.incident is not None:
        check_seen("incident", draft.incident.pk, seen)
    incident = _say(change, draft, written)
    facts = state(draft) | {"incident": incident.pk}
    record(change.actor, "draft.published", "draft", draft.pk, facts, page_id=change.page.pk)
    draft.delete()
    return incident


def _check_author(page: StatusPage, draft: Draft) -> None:
    author = User.objects.filter(pk=draft.author_id).first()
    role = role_of(author, Tenant.objects.get(pk=current_tenant_id()), page.pk) if author else None
    if role is None or role.rank < Role.EDITOR.rank:
        raise Refused(_("Whoever wrote it may not publish here any more. Publish or discard it."))


def _say(change: Change, draft: Draft, written: Written) -> Incident:
    promised = written.promised(change.now)
    if draft.incident is None:
        said = {"impact_override": written.impact_override, "next_update_by": promised}
        fields = {name: value for name, value in said.items() if value is not None}
        return begin(change, written.words, written.name, given(fields, NEW_FIELDS, Incident))
    incident = locked_incident(change, draft.incident)
    back = written.to_operational
    go_on(change, incident, written.words, to_operational=back, next_update_by=promised)
    return incident


def _check(written: Written, incident: Incident | None, publish_at: datetime | None, now: datetime) -> None:
    if publish_at is None:
        return
    if publish_at <= now:
        message = _("The time to publish it lies ahead.")
        raise Refused(message, "publish_at")
    if incident is None and not written.name.strip():
        message = _("What is published by itself needs a name.")
        raise Refused(message, "name")


def _note(draft: Draft, problem: str) -> None:
    with transaction.atomic():
        kept = Draft.objects.select_for_update(no_key=True).filter(pk=draft.pk).first()
        if kept is None or kept.updated_at != draft.updated_at:
            return
        kept.problem, kept.publish_at = problem[:500], None
        kept.save(update_fields=["problem", "publish_at"])
        record(SYSTEM, "draft.refused", "draft", kept.pk, state(kept), page_id=kept.page_id)


def _locked(page: StatusPage, draft: Draft) -> Draft:
    found = page.drafts.select_for_update(of=("self",), no_key=True).filter(pk=draft.pk).first()
    if found is None:
        message = _("This draft has been published or discarded meanwhile.")
        raise Refused(message)
    return found
