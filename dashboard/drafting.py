"""Drafts behind the forms of incidents: filled in from one, kept as one, published from one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from common.errors import Overtaken, Refused
from components.forms import STAYS
from dashboard.forms.base import beside, number
from dashboard.forms.incident import SayingForm
from dashboard.gates import PageRequest
from events.models import Event
from incidents.actions.draft import keep_draft, publish_draft
from incidents.drafts import Written
from incidents.models import Draft, Incident


def chosen(request: PageRequest, incident: Incident | None = None) -> Draft | None:
    """The draft that the form is about (`draft` in its address or among its fields). Raises Http404."""
    wanted = request.POST.get("draft") or request.GET.get("draft")
    if not wanted:
        return None
    if "\0" in wanted:
        raise Http404
    return get_object_or_404(request.page.drafts, pk=wanted, incident=incident)


def newest(draft: Draft | None) -> int:
    """What a form says that it has seen of a draft."""
    return Event.objects.about("draft", draft.pk).newest_id() if draft else 0


def initial(draft: Draft) -> dict[str, Any]:
    """What a form shows of a draft."""
    written = Written.of(draft.content)
    words = written.words
    return {
        "name": written.name,
        "impact_override": written.impact_override or "",
        "status": words.status,
        "body": words.body,
        "technical_details": words.technical_details,
        "statuses": {pk: status or STAYS for pk, status in words.components.items()},
        "notify": words.deliver,
        "to_operational": written.to_operational,
        "promise": "at" if written.next_update_by else str(written.promise or ""),
        "next_update_by": written.next_update_by,
        "hold": str(written.hold),
        "publish_at": draft.publish_at,
    }


def keep(
    request: PageRequest, form: SayingForm, draft: Draft | None, incident: Incident | None = None
) -> Draft | None:
    """What is typed, as a draft; None where it was refused, as the form says then."""
    at = form.cleaned_data["publish_at"]
    seen = number(request.POST.get("draft_seen", ""))
    how = {"incident": incident, "draft": draft, "publish_at": at}
    try:
        kept = keep_draft(
            request.page,
            request.actor,
            form.written,
            seen=seen if draft else None,
            **how,
        )
    except Overtaken as refusal:
        form.add_error(None, refusal.message)
        form.add_error("body", _theirs(draft))
        return None
    except Refused as refusal:
        form.add_error(*beside(form, refusal))
        return None
    said = _("It is published by itself at its time.") if at else _("The draft is kept, for the team alone.")
    messages.success(request, said)
    return kept


def publish(request: PageRequest, form: SayingForm, draft: Draft, incident: Incident | None) -> Incident:
    """Say what is typed in the place of the draft, now. Raises Refused."""
    seen = number(request.POST.get("draft_seen", ""))
    try:
        kept = keep_draft(
            request.page, request.actor, form.written, incident=incident, draft=draft, seen=seen
        )
    except Overtaken as refusal:
        message = f"{refusal.message} {_theirs(draft)}"
        raise Refused(message, "body") from refusal
    return publish_draft(request.page, kept, request.actor, seen=form.cleaned_data.get("seen"))


def _theirs(draft: Draft | None) -> str:
    """What somebody else has made of it meanwhile."""
    theirs = Draft.objects.filter(pk=draft.pk).first() if draft else None
    text = theirs.content["words"]["body"] if theirs else ""
    return _("They wrote: “%(text)s” Kept once more, yours replaces it.") % {"text": text}
