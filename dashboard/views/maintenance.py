"""Maintenance: what is planned, under way and over, as a list and as a calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.ahead import conflicts, month, steps
from dashboard.doing import does, outcome
from dashboard.forms.maintenance import CUSTOM, ONCE, NewMaintenanceForm, rule_of
from dashboard.framed import framed
from dashboard.gates import PageRequest, page_screen
from dashboard.prepared import OF_MAINTENANCE, Prepared, prepared
from dashboard.previews import by_channel
from dashboard.typed import typed
from incidents.actions.maintenance import backfill_maintenance, schedule_maintenance
from incidents.actions.series import create_series
from incidents.foretelling import foretell_maintenance
from incidents.models import Incident, MaintenanceWindow
from incidents.windows import OPTIONS
from notifications.dry_run import DryRun, dry_run, dry_run_of
from pages.models import StatusPage
from publishing.building import calendar
from publishing.snapshot import YearMonth
from subscribers.choices import Channel
from tenants.models import Role

_ROWS = 25


@require_safe
@page_screen()
def maintenance(request: PageRequest) -> HttpResponse:
    """What is ahead; with `state=over`, what is over."""
    page = request.page
    found = page.incidents.maintenance().select_related("window", "window__series")
    over = request.GET.get("state") == "over"
    rows = (
        found.exclude(resolved_at=None).order_by("-window__scheduled_for")
        if over
        else found.filter(resolved_at=None).order_by("window__scheduled_for")
    )
    shown = Paginator(rows.prefetch_related("components"), _ROWS).get_page(request.GET.get("page"))
    values = _shared(request) | {"rows": shown, "over": over, "now": timezone.now()}
    return render(request, "dashboard/maintenance/list.html", values)


@require_safe
@page_screen()
def maintenance_calendar(request: PageRequest) -> HttpResponse:
    """A month, `month=2026-11`, in the page's zone."""
    page, today = request.page, timezone.localdate()
    shown = _month(request.GET.get("month", "")) or YearMonth(today.year, today.month)
    values = _shared(request) | {
        "weeks": month(page, shown, today),
        "name": calendar.first_day(shown),
        "before": calendar.name(calendar.before(shown)),
        "after": calendar.name(calendar.after(shown)),
    }
    return render(request, "dashboard/maintenance/calendar.html", values)


def _month(text: str) -> YearMonth | None:
    try:
        found = calendar.parse(text)
        calendar.first_day(calendar.before(found)), calendar.last_day(calendar.after(found))
    except ValueError:
        return None
    return found


def _shared(request: PageRequest) -> dict[str, Any]:
    page = request.page
    open_ones = page.incidents.maintenance().unresolved()
    return {
        "ahead": open_ones.count(),
        "series": page.series.filter(ended_at=None).count(),
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
    }


@page_screen(Role.EDITOR)
def maintenance_new(request: PageRequest) -> HttpResponse:
    """Plan one; with `?template=`, from a template, whose placeholders are asked for first."""
    use = prepared(request, OF_MAINTENANCE)
    form = NewMaintenanceForm(request.page, typed(request), initial=_as_prepared(use))
    wants_to_look = "preview" in request.POST
    if request.method == "POST" and form.is_valid() and not wants_to_look:
        made: list[Any] = []
        if does(form, lambda: made.append(_plan(request.page, request, form))):
            return _planned(request, made[0])
    preview = _preview(request, form) if wants_to_look else None
    values = {"form": form, "preview": preview, "use": use}
    return render(request, "dashboard/maintenance/new.html", values)


@require_POST
@page_screen(Role.EDITOR)
def maintenance_preview(request: PageRequest) -> HttpResponse:
    """What it will do, whom that tells, and what it collides with, as a part of the screen."""
    form = NewMaintenanceForm(request.page, request.POST)
    values = {"preview": _preview(request, form)}
    return render(request, "dashboard/maintenance/preview.html", values)


def _as_prepared(use: Prepared) -> dict[str, Any]:
    if use.filled is None:
        return {}
    words = use.filled.words
    return {
        "name": use.filled.title,
        "body": words.body,
        "components": list(words.components),
        "notify": words.deliver,
    }


def _plan(page: StatusPage, request: PageRequest, form: NewMaintenanceForm) -> Any:
    """By the one verb that what was chosen asks for."""
    given, times = form.cleaned_data, form.times
    if given["repeats"] != ONCE:
        return _repeat(page, request, form)
    if given["over"]:
        return backfill_maintenance(page, request.actor, given["body"], **times)
    held = form.notify_at(timezone.now())
    told = {"notify": given["notify"], "notify_at": held}
    return schedule_maintenance(page, request.actor, given["body"], **told, **times)


def _repeat(page: StatusPage, request: PageRequest, form: NewMaintenanceForm) -> Any:
    given = form.cleaned_data
    begins = timezone.localtime(given["scheduled_for"]).replace(tzinfo=None)
    return create_series(
        page,
        request.actor,
        name=given["name"],
        rule=rule_of(given["repeats"], begins, given["rule"]),
        local_start=begins,
        duration=given["scheduled_until"] - given["scheduled_for"],
        body=given["body"],
        components=form.component_ids,
        notify=given["notify"],
        **{one: given[one] for one in OPTIONS},
    )


def _planned(request: PageRequest, made: Any) -> HttpResponse:
    messages.success(request, _("It is on the page."))
    name = "maintenance_one" if isinstance(made, Incident) else "series"
    return redirect(name, request.page.pk, made.pk)


def _preview(request: PageRequest, form: NewMaintenanceForm) -> dict[str, Any]:
    """As far as what is typed says it."""
    if not form.is_valid():
        return {"missing": True}
    page, given, now = request.page, form.cleaned_data, timezone.now()
    begins, ends = given["scheduled_for"], given["scheduled_until"]
    window = MaintenanceWindow(**{one: given[one] for one in (*OPTIONS, "scheduled_for", "scheduled_until")})
    values: dict[str, Any] = {
        "steps": [] if given["over"] else steps(window, "scheduled", now),
        "conflicts": conflicts(page, begins, ends, form.component_ids),
        "name": given["name"],
        "repeats": given["repeats"] and given["repeats"] != CUSTOM,
    }
    told, refusal = outcome(lambda: _told(request, form, now))
    if refusal:
        return values | {"refusal": refusal}
    samples = told.samples if told else {}
    mail = framed(request, page.pk, "maintenance", samples.get(Channel.EMAIL))
    return values | {"recipients": by_channel(told), "mail": mail}


def _told(request: PageRequest, form: NewMaintenanceForm, now: datetime) -> DryRun | None:
    """What recurs, is over or begins at once is carried out and taken back."""
    page, given = request.page, form.cleaned_data
    if given["repeats"] == ONCE and not given["over"] and given["scheduled_for"] > now:
        foretold = foretell_maintenance(page, given["body"], now=now, **form.times)
        return dry_run_of(page, foretold, {Channel.EMAIL}) if given["notify"] else None
    told = dry_run(page, lambda stage: _plan(stage, request, form))
    return told[0] if told else None
