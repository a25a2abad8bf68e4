"""Where a page stands: what visitors see, what is open, what comes, and how messages fare."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from components.actions import set_status
from components.choices import ComponentStatus
from dashboard.delivering import delivery
from dashboard.doing import told
from dashboard.first_steps import first_steps
from dashboard.gates import OrganisationRequest, PageRequest, organisation_screen, page_screen
from dashboard.reading import (
    components_of,
    grouped,
    headline,
    maintenance_ahead,
    not_well,
    open_incidents,
    told_lately,
)
from notifications.holding import held
from pages.links import page_url
from pages.models import StatusPage
from publishing.preview import preview_url
from tenants.models import Role

# Of a page with more components than this, only those that are not operational have a switch here.
_SWITCHES = 60


@require_safe
@organisation_screen()
def index(request: OrganisationRequest) -> HttpResponse:
    """The organisation's pages; straight to the only one, or to making it."""
    pages, is_admin = list(StatusPage.objects.present()), request.standing.may(Role.ADMIN)
    if len(pages) == 1 and "all" not in request.GET:
        return redirect("home", pages[0].pk)
    if not pages and is_admin:
        return redirect("page_new")
    return render(request, "dashboard/home/pages.html", {"pages": pages, "is_admin": is_admin})


@require_safe
@page_screen()
def home(request: PageRequest) -> HttpResponse:
    page, now = request.page, timezone.now()
    is_admin = request.standing.may(Role.ADMIN, page.pk)
    components = components_of(page)
    is_large = len(components) > _SWITCHES
    values = {
        "now": now,
        "url": page_url(page) if page.published else preview_url(page),
        "headline": headline(page, components),
        "incidents": open_incidents(page, now),
        "maintenance": maintenance_ahead(page)[:5],
        "held": held(page, now),
        "told": told_lately(page, request.organisation.pk),
        "delivery": delivery(page, request.organisation.pk, now),
        "is_admin": is_admin,
        "groups": grouped(not_well(components) if is_large else components),
        "hidden": len(components) - len(not_well(components)) if is_large else 0,
        "statuses": ComponentStatus.choices,
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
        "may_launch": is_admin and not page.published,
        "steps": first_steps(page, now) if is_admin else [],
    }
    return render(request, "dashboard/home/home.html", values)


@require_POST
@page_screen(Role.EDITOR)
def switch(request: PageRequest) -> HttpResponse:
    """Set one component's status: `set` is its id, a colon, and the status; `components`: asked for there."""
    pk, _colon, status = request.POST.get("set", "").partition(":")
    told(request, lambda: set_status(request.page, {pk: status}, request.actor), _("The page says so now."))
    return redirect("components" if "components" in request.POST else "home", request.page.pk)
