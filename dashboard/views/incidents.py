"""Incidents of a page: the list, and opening one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from dashboard import drafting, framed
from dashboard.doing import does
from dashboard.forms.incident import NewIncidentForm
from dashboard.gates import PageRequest, page_screen
from dashboard.prepared import OF_INCIDENTS, Prepared, prepared
from dashboard.previews import preview_of
from dashboard.typed import typed
from incidents.actions.incident import open_incident
from incidents.choices import IncidentStatus
from incidents.models import Draft, Incident, IncidentUpdate
from tenants.models import Role

_SORTS = {"name", "-name", "started_at", "-started_at"}
_ROWS = 25


@require_safe
@page_screen()
def incidents(request: PageRequest) -> HttpResponse:
    """Filtered by `state` (open, over) and `q`, ordered by `sort`, a `page` at a time."""
    found = request.page.incidents.present().incidents()
    state, words = request.GET.get("state", ""), request.GET.get("q", "").strip()[:200]
    sort = request.GET.get("sort", "")
    is_open = Q(resolved_at=None)
    counts = {"open": found.filter(is_open).count(), "over": found.exclude(is_open).count()}
    drafts = request.page.drafts.select_related("incident")
    may_edit = request.standing.may(Role.EDITOR, request.page.pk)
    if state == "drafts" and may_edit:
        kept: dict[str, Any] = {"drafts": drafts, "counts": counts | {"drafts": len(drafts)}, "state": state}
        return render(request, "dashboard/incidents/drafts.html", kept | {"may_edit": True})
    rows = {"open": found.filter(is_open), "over": found.exclude(is_open)}.get(state, found)
    rows = rows.matching(words).order_by(sort if sort in _SORTS else "-started_at", "-id")
    written = IncidentUpdate.objects.filter(incident=OuterRef("pk")).order_by("-created_at")
    rows = rows.annotate(written_at=Subquery(written.values("created_at")[:1]))
    values = {
        "rows": Paginator(rows.prefetch_related("components"), _ROWS).get_page(request.GET.get("page")),
        "state": state,
        "words": words,
        "sorted": sort if sort in _SORTS else "-started_at",
        "counts": counts | {"drafts": drafts.count() if may_edit else 0},
        "may_edit": may_edit,
        "now": timezone.now(),
    }
    return render(request, "dashboard/incidents/list.html", values)


@page_screen(Role.EDITOR)
def incident_new(request: PageRequest) -> HttpResponse:
    """Open an incident; with `?template=`, from a template, whose placeholders are asked for first."""
    use, draft = prepared(request, OF_INCIDENTS), drafting.chosen(request)
    begins_as = drafting.initial(draft) if draft else _as_prepared(use)
    form = NewIncidentForm(request.page, typed(request), initial=begins_as)
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        answer = _keep(request, form, draft) if form.is_for_later else _open(request, form, draft)
        if answer is not None:
            return answer
    values = {
        "form": form,
        "use": use,
        "draft": draft,
        "draft_seen": drafting.newest(draft),
        "preview": preview_of(request, form) if "preview" in request.POST else None,
    }
    return render(request, "dashboard/incidents/new.html", values)


@require_POST
@page_screen(Role.EDITOR)
def incident_preview(request: PageRequest) -> HttpResponse:
    """What opening it would show and tell, as a part of the screen."""
    form = NewIncidentForm(request.page, request.POST)
    return render(request, "dashboard/incidents/preview.html", {"preview": preview_of(request, form)})


@require_safe
@xframe_options_sameorigin
@page_screen(Role.EDITOR)
def mail_preview(request: PageRequest) -> HttpResponse:
    """The mail of a preview, for its frame, to whoever was shown that preview."""
    return framed.answer(request, request.page.pk)


def _keep(request: PageRequest, form: NewIncidentForm, draft: Draft | None) -> HttpResponse | None:
    if drafting.keep(request, form, draft) is None:
        return None
    return redirect(f"{reverse('incidents', args=[request.page.pk])}?state=drafts")


def _open(request: PageRequest, form: NewIncidentForm, draft: Draft | None) -> HttpResponse | None:
    """To the incident; None where it was refused, as the form says then."""
    made: list[Incident] = []
    if not does(form, lambda: made.append(_opened(request, form, draft))):
        return None
    messages.success(request, _("The incident is open. Visitors see it now."))
    return redirect("incident", request.page.pk, made[0].pk)


def _opened(request: PageRequest, form: NewIncidentForm, draft: Draft | None) -> Incident:
    if draft:
        return drafting.publish(request, form, draft, None)
    now = timezone.now()
    return open_incident(
        request.page,
        request.actor,
        form.words,
        name=form.cleaned_data["name"],
        impact_override=form.impact,
        next_update_by=form.promised(now),
        notify_at=form.notify_at(now),
    )


def _as_prepared(use: Prepared) -> dict[str, Any]:
    if use.filled is None:
        return {"status": IncidentStatus.INVESTIGATING}
    words = use.filled.words
    return {
        "name": use.filled.title,
        "status": words.status,
        "body": words.body,
        "statuses": dict.fromkeys(words.components, "stays"),
        "notify": words.deliver,
    }
