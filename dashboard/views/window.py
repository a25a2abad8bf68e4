"""One maintenance, and one series of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.ahead import conflicts, steps
from dashboard.doing import does, told
from dashboard.forms.maintenance import EditMaintenanceForm, SayForm, SeriesForm
from dashboard.gates import PageRequest, page_screen
from dashboard.reading import timeline, told_of
from dashboard.typed import typed
from incidents.actions.incident import delete_incident
from incidents.actions.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    post_maintenance_update,
    remind,
)
from incidents.actions.series import SERIES_FIELDS, edit_series, end_series
from incidents.choices import IncidentStatus
from incidents.models import Incident
from incidents.rules import describe, parse
from incidents.windows import OPTIONS, TIMES
from notifications.holding import held
from pages.links import incident_url
from tenants.models import Role


def _found(request: PageRequest, pk: str) -> Incident:
    found = (
        request.page.incidents.present().maintenance().select_related("window__series").filter(pk=pk).first()
    )
    if found is None:
        raise Http404
    return found


@page_screen()
def maintenance_one(request: PageRequest, pk: str) -> HttpResponse:
    """What was said of it, what it will do, and, for those who may, a form to say how it goes on."""
    incident = _found(request, pk)
    may_edit = request.standing.may(Role.EDITOR, request.page.pk)
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    is_open = IncidentStatus(incident.status).is_open
    form = SayForm(request.page, incident, typed(request)) if may_edit and is_open else None
    if (
        form
        and request.method == "POST"
        and form.is_valid()
        and does(form, lambda: _say(request, incident, form))
    ):
        messages.success(request, _("The update is on the page."))
        return redirect("maintenance_one", request.page.pk, pk)
    return render(request, "dashboard/maintenance/one.html", _shown(request, incident) | {"form": form})


def _say(request: PageRequest, incident: Incident, form: SayForm) -> None:
    words, page = form.words, request.page
    if words.status == IncidentStatus.COMPLETED:
        said = {one: to for one, to in words.components.items() if to} or None
        complete_maintenance(page, incident, request.actor, words.body, components=said, notify=words.deliver)
    else:
        at = form.notify_at(timezone.now())
        post_maintenance_update(page, incident, request.actor, words, notify=words.deliver, notify_at=at)


def _shown(request: PageRequest, incident: Incident) -> dict[str, Any]:
    page, now, window = request.page, timezone.now(), incident.window
    links = list(incident.links.select_related("component").order_by("component__position"))
    ids = {link.component_id for link in links}
    is_open = IncidentStatus(incident.status).is_open
    about = (page, window.scheduled_for, window.scheduled_until, ids, incident.pk)
    return {
        "incident": incident,
        "window": window,
        "updates": timeline(incident),
        "links": links,
        "steps": steps(window, incident.status, now) if is_open else [],
        "conflicts": conflicts(*about) if is_open else [],
        "told": told_of(incident, request.organisation.pk),
        "held": [one for one in held(page, now) if one.event.object_id == incident.pk],
        "now": now,
        "url": incident_url(page, incident.pk) if page.published else "",
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
        "may_remind": incident.status == IncidentStatus.SCHEDULED,
    }


@page_screen(Role.EDITOR)
def maintenance_edit(request: PageRequest, pk: str) -> HttpResponse:
    incident = _found(request, pk)
    form = EditMaintenanceForm(request.page, incident, typed(request))
    if request.method == "POST" and form.is_valid():
        fields = form.changed({"name", *TIMES, *OPTIONS})
        if "components" in form.changed_data:
            fields["components"] = form.component_ids
        notify = form.cleaned_data["notify"]
        if does(
            form, lambda: edit_maintenance(request.page, incident, request.actor, notify=notify, **fields)
        ):
            messages.success(request, _("Saved."))
            return redirect("maintenance_one", request.page.pk, pk)
    return render(request, "dashboard/maintenance/edit.html", {"form": form, "incident": incident})


@require_POST
@page_screen(Role.EDITOR)
def maintenance_remind(request: PageRequest, pk: str) -> HttpResponse:
    incident = _found(request, pk)
    told(request, lambda: remind(request.page, incident, request.actor), _("Subscribers are reminded."))
    return redirect("maintenance_one", request.page.pk, pk)


@page_screen(Role.EDITOR)
def maintenance_cancel(request: PageRequest, pk: str) -> HttpResponse:
    """Asks first, and for a word about why."""
    incident = _found(request, pk)
    if request.method != "POST":
        return render(request, "dashboard/maintenance/cancel.html", {"incident": incident})
    body, notify = request.POST.get("body", "")[:25_000], "notify" in request.POST
    done = _("It is called off.")
    told(
        request, lambda: cancel_maintenance(request.page, incident, request.actor, body, notify=notify), done
    )
    return redirect("maintenance_one", request.page.pk, pk)


@page_screen(Role.EDITOR)
def maintenance_delete(request: PageRequest, pk: str) -> HttpResponse:
    incident = _found(request, pk)
    if request.method != "POST":
        return render(request, "dashboard/maintenance/delete.html", {"incident": incident})
    done = _("The maintenance is off the page.")
    told(request, lambda: delete_incident(request.page, incident, request.actor), done)
    return redirect("maintenance", request.page.pk)


@page_screen()
def all_series(request: PageRequest) -> HttpResponse:
    rows = list(request.page.series.order_by("ended_at", "name"))
    values = {
        "rows": [(one, describe(parse(one.rule))) for one in rows],
        "ahead": request.page.incidents.maintenance().unresolved().count(),
        "series": len([one for one in rows if one.ended_at is None]),
        "may_edit": request.standing.may(Role.EDITOR, request.page.pk),
    }
    return render(request, "dashboard/maintenance/all_series.html", values)


@page_screen()
def series(request: PageRequest, pk: str) -> HttpResponse:
    """What recurs, its next windows, and, for those who may, what can be changed."""
    page = request.page
    found = get_object_or_404(page.series, pk=pk)
    may_edit = request.standing.may(Role.EDITOR, page.pk) and found.ended_at is None
    if request.method == "POST" and not may_edit:
        return HttpResponse(status=403)
    form = SeriesForm(page, typed(request), instance=found) if may_edit else None
    if form and request.method == "POST" and form.is_valid():
        fields = form.changed(SERIES_FIELDS)
        if "components" in form.changed_data:
            fields["components"] = [one.pk for one in form.cleaned_data["components"]]
        notify = form.cleaned_data["notify"]
        if does(form, lambda: edit_series(page, found, request.actor, notify=notify, **fields)):
            messages.success(request, _("Saved."))
            return redirect("series", page.pk, pk)
    waiting = found.windows.filter(incident__deleted_at=None, incident__resolved_at=None)
    kept = page.series.get(pk=pk)
    values = {
        "series": kept,
        "rule": describe(parse(kept.rule)),
        "windows": waiting.select_related("incident").order_by("scheduled_for"),
        "form": form,
        "may_edit": may_edit,
    }
    return render(request, "dashboard/maintenance/series.html", values)


@page_screen(Role.EDITOR)
def series_end(request: PageRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(request.page.series, pk=pk)
    if request.method != "POST":
        return render(request, "dashboard/maintenance/series_end.html", {"series": found})
    done = _("The series has ended. Windows that had not begun are called off.")
    notify = "notify" in request.POST
    told(request, lambda: end_series(request.page, found, request.actor, notify=notify), done)
    return redirect("series", request.page.pk, pk)
