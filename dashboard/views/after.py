"""After an incident: the past ones that are added, and what was learned."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.doing import Tried, does, tried
from dashboard.forms.incident import PastIncidentForm
from dashboard.forms.postmortem import LONGEST, PostmortemForm
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from dashboard.views.incident import found
from events.models import Event
from incidents.actions.incident import backfill_incident
from incidents.actions.postmortem import publish_postmortem, revert_postmortem, write_postmortem
from incidents.models import Incident, Postmortem
from tenants.models import Role

_OF_THE_PAST = ("name", "started_at", "resolved_at", "body", "impact_override")


@page_screen(Role.EDITOR)
def incident_past(request: PageRequest) -> HttpResponse:
    """Add one that is over to the history."""
    form = PastIncidentForm(request.page, typed(request))
    if request.method == "POST" and form.is_valid():
        given, made = form.cleaned_data, []
        said = {name: given[name] for name in _OF_THE_PAST} | {"components": given["statuses"]}
        if does(form, lambda: made.append(backfill_incident(request.page, request.actor, **said))):
            messages.success(request, _("It is in the history. Nobody was told."))
            return redirect("incident", request.page.pk, made[0].pk)
    return render(request, "dashboard/incidents/past.html", {"form": form})


@page_screen(Role.EDITOR)
def postmortem(request: PageRequest, incident_id: str) -> HttpResponse:
    """Write, publish, take off: `then` says what follows on keeping the draft."""
    shown = found(request, incident_id)
    written = Postmortem.objects.filter(incident=shown).first() or Postmortem(incident=shown)
    seen = Event.objects.about("postmortem", shown.pk).newest_id()
    form = PostmortemForm(written, typed(request), seen)
    theirs: list[tuple[Any, Any]] | None = None
    if request.method == "POST" and form.is_valid() and request.POST.get("then") != "preview":
        how = tried(form, lambda: messages.success(request, _carry_out(request, shown, form)))
        if how is Tried.DONE:
            return redirect("postmortem", request.page.pk, shown.pk)
        theirs = form.against(written, seen) if how is Tried.OVERTAKEN else None
    values = {
        "form": form,
        "incident": shown,
        "postmortem": written,
        "theirs": theirs,
        "preview": str(form["draft"].value() or "")[:LONGEST],
    }
    return render(
        request, "dashboard/incidents/postmortem.html", values, status=200 if theirs is None else 409
    )


def _carry_out(request: PageRequest, incident: Incident, form: PostmortemForm) -> str:
    page, actor, given = request.page, request.actor, form.cleaned_data
    if "draft" in form.changed():
        write_postmortem(page, incident, actor, given["draft"], seen=given["seen"])
    match request.POST.get("then"):
        case "publish":
            publish_postmortem(page, incident, actor, notify=given["notify"])
            return _("The postmortem is on the page.")
        case "revert":
            revert_postmortem(page, incident, actor)
            return _("The postmortem is off the page. The draft is kept.")
        case _kept:
            return _("The draft is kept, for the team alone.")


@require_POST
@page_screen(Role.EDITOR)
def postmortem_preview(request: PageRequest, incident_id: str) -> HttpResponse:
    found(request, incident_id)
    # What is longer cannot be kept, and would take long to show.
    draft = request.POST.get("draft", "")[:LONGEST]
    return render(request, "dashboard/incidents/postmortem_preview.html", {"preview": draft})
