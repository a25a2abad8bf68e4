"""One incident: what was said of it, what is said next, and what is corrected."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F, Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard import drafting
from dashboard.doing import Tried, told, tried
from dashboard.forms.incident import EditIncidentForm, EditUpdateForm, UpdateForm
from dashboard.gates import PageRequest, page_screen
from dashboard.previews import preview_of
from dashboard.reading import due, is_under_way, timeline, told_of
from dashboard.typed import typed
from events.models import Event
from incidents.actions.incident import (
    delete_incident,
    edit_incident,
    edit_update,
    post_update,
)
from incidents.choices import Impact, IncidentStatus
from incidents.models import Draft, Incident, IncidentComponent, IncidentUpdate
from notifications.holding import held
from pages.links import incident_url
from tenants.models import Role


def found(request: PageRequest, incident_id: str) -> Incident:
    """The page's incident of that id. Raises Http404."""
    rows = request.page.incidents.present().incidents().select_related("postmortem")
    # Hundreds of names are wanted, and nothing else of the components.
    links = IncidentComponent.objects.annotate(name=F("component__name")).order_by("component__position")
    incident = rows.filter(pk=incident_id).prefetch_related(Prefetch("links", links)).first()
    if incident is None:
        raise Http404
    return incident


@page_screen()
def incident(request: PageRequest, incident_id: str) -> HttpResponse:
    """The timeline; for those who may, with a form for the next update on top."""
    shown = found(request, incident_id)
    may_edit = request.standing.may(Role.EDITOR, request.page.pk)
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    draft = drafting.chosen(request, shown) if may_edit else None
    begins_as = drafting.initial(draft) if draft else {}
    form = UpdateForm(request.page, shown, typed(request), initial=begins_as) if may_edit else None
    overtaken = False
    if form and request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        how = _go_on(request, shown, form, draft)
        if how is Tried.DONE:
            return redirect("incident", request.page.pk, shown.pk)
        overtaken = how is Tried.OVERTAKEN
    preview = preview_of(request, form) if form and "preview" in request.POST else None
    values = _shown(request, shown) | {"form": form, "overtaken": overtaken, "preview": preview}
    values |= {"draft": draft, "draft_seen": drafting.newest(draft)}
    if overtaken and form:
        values["news"] = _written_since(form.cleaned_data["seen"])
    return render(request, "dashboard/incidents/incident.html", values, status=409 if overtaken else 200)


def _go_on(request: PageRequest, incident: Incident, form: UpdateForm, draft: Draft | None) -> Tried:
    if form.is_for_later:
        kept = drafting.keep(request, form, draft, incident)
        return Tried.DONE if kept else Tried.REFUSED
    return tried(form, lambda: _say(request, incident, form, draft))


def _say(request: PageRequest, incident: Incident, form: UpdateForm, draft: Draft | None) -> None:
    now, given = timezone.now(), form.cleaned_data
    if draft:
        drafting.publish(request, form, draft, incident)
    else:
        post_update(
            request.page,
            incident,
            request.actor,
            form.words,
            to_operational=given["to_operational"],
            notify_at=form.notify_at(now),
            next_update_by=form.promised(now),
            seen=given["seen"],
        )
    over = not IncidentStatus(given["status"]).is_open
    messages.success(request, _("The incident is resolved.") if over else _("The update is on the page."))


def _written_since(event_id: int) -> set[str]:
    """Ids of the updates that were written or corrected after that event."""
    newer = Event.objects.filter(object_type="incident_update", pk__gt=event_id)
    return set(newer.values_list("object_id", flat=True))


def _shown(request: PageRequest, incident: Incident) -> dict[str, Any]:
    page, now = request.page, timezone.now()
    waiting = [one for one in held(page, now) if one.event.object_id == incident.pk]
    about = told_of(incident, request.organisation.pk)
    return {
        "incident": incident,
        "impact": Impact(incident.shown_impact),
        "updates": timeline(incident),
        "links": incident.links.all(),
        "due": due(incident, now),
        "now": now,
        "url": incident_url(page, incident.pk) if page.published else "",
        "held": waiting,
        "told": about,
        "is_telling": bool(waiting) or is_under_way(incident, about, now),
        "drafts": incident.drafts.all(),
        "postmortem": getattr(incident, "postmortem", None),
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
        "seen": Event.objects.about("incident", incident.pk).newest_id(),
    }


@require_POST
@page_screen(Role.EDITOR)
def update_preview(request: PageRequest, incident_id: str) -> HttpResponse:
    """What the update would show and tell, as a part of the screen."""
    form = UpdateForm(request.page, found(request, incident_id), request.POST)
    return render(request, "dashboard/incidents/preview.html", {"preview": preview_of(request, form)})


@require_safe
@page_screen()
def progress(request: PageRequest, incident_id: str) -> HttpResponse:
    """How far its messages have come, as a part of the screen that asks again while there is more to come."""
    values = _shown(request, found(request, incident_id))
    return render(request, "dashboard/incidents/progress.html", values)


@page_screen(Role.EDITOR)
def incident_edit(request: PageRequest, incident_id: str) -> HttpResponse:
    """Correct name, impact and times."""
    shown = found(request, incident_id)
    seen = Event.objects.about("incident", shown.pk).newest_id()
    form = EditIncidentForm(shown, typed(request), seen)
    theirs: list[tuple[Any, Any]] | None = None
    if request.method == "POST" and form.is_valid():
        fields = form.changed() | {"seen": form.cleaned_data["seen"]}
        how = tried(form, lambda: edit_incident(request.page, shown, request.actor, **fields))
        if how is Tried.DONE:
            messages.success(request, _("The incident is corrected. Nobody was told."))
            return redirect("incident", request.page.pk, shown.pk)
        theirs = form.against(shown, seen) if how is Tried.OVERTAKEN else None
    values = {"form": form, "incident": shown, "theirs": theirs}
    return render(request, "dashboard/incidents/edit.html", values, status=200 if theirs is None else 409)


@page_screen(Role.EDITOR)
def update_edit(request: PageRequest, incident_id: str, update_id: str) -> HttpResponse:
    """Correct the text and time of one update."""
    shown = found(request, incident_id)
    update: IncidentUpdate | None = shown.updates.filter(pk=update_id).first()
    if update is None:
        raise Http404
    seen = Event.objects.about("incident_update", update.pk).newest_id()
    form = EditUpdateForm(update, typed(request), seen)
    theirs: list[tuple[Any, Any]] | None = None
    if request.method == "POST" and form.is_valid():
        fields = form.changed() | {"seen": form.cleaned_data["seen"]}
        how = tried(form, lambda: edit_update(request.page, update, request.actor, **fields))
        if how is Tried.DONE:
            messages.success(request, _("The update is corrected. Nobody was told."))
            return redirect("incident", request.page.pk, shown.pk)
        theirs = form.against(update, seen) if how is Tried.OVERTAKEN else None
    values = {"form": form, "incident": shown, "update": update, "theirs": theirs}
    return render(
        request, "dashboard/incidents/update_edit.html", values, status=200 if theirs is None else 409
    )


@page_screen(Role.EDITOR)
def incident_delete(request: PageRequest, incident_id: str) -> HttpResponse:
    """Asks first; the dialog of the incident's screen sends the same."""
    shown = found(request, incident_id)
    if request.method != "POST":
        return render(request, "dashboard/incidents/delete.html", {"incident": shown})
    done = _("The incident is off the page.")
    if told(request, lambda: delete_incident(request.page, shown, request.actor), done):
        return redirect("incidents", request.page.pk)
    return redirect("incident", request.page.pk, shown.pk)
