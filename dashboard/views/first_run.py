"""The way to a page: what it is called and reports on, a look at it, and its launch."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from components.actions import begin_page
from components.choices import ComponentStatus
from dashboard.doing import does, told
from dashboard.forms.first_run import BeginForm, ImportForm, spoken
from dashboard.gates import OrganisationRequest, PageRequest, organisation_screen, page_screen
from dashboard.reading import components_of, grouped
from dashboard.typed import typed
from importing.asking import ask_for_import
from importing.models import PageImport
from pages.actions import update_page
from pages.models import StatusPage
from publishing.preview import preview_url
from tenants.models import Role


@organisation_screen(Role.ADMIN)
def page_new(request: OrganisationRequest) -> HttpResponse:
    """Name, address and components, on one screen; nobody sees the page before its launch."""
    is_first = not StatusPage.objects.present().exists()
    own = {"name": request.organisation.name, "slug": request.organisation.slug} if is_first else {}
    form = BeginForm(typed(request), initial=own | {"time_zone": "UTC", "language": spoken()})
    if request.method == "POST" and form.is_valid():
        made: list[StatusPage] = []
        if does(form, lambda: made.append(begin_page(request.actor, published=False, **form.page))):
            return redirect("launch", made[0].pk)
    values = {"form": form, "is_first": is_first}
    return render(request, "dashboard/first_run/new.html", values)


@organisation_screen(Role.ADMIN)
def page_import(request: OrganisationRequest) -> HttpResponse:
    """Ask for an import; what failed can be sent again as it was, by its address."""
    former = {name: request.GET[name] for name in ("url", "slug") if name in request.GET}
    form = ImportForm(typed(request), initial=former)
    if request.method == "POST" and form.is_valid():
        asked: list[PageImport] = []
        if does(form, lambda: asked.append(ask_for_import(request.actor, **form.cleaned_data))):
            return redirect("page_import_one", asked[0].pk)
    under_way = PageImport.objects.under_way(timezone.now()).first()
    return render(request, "dashboard/first_run/import.html", {"form": form, "under_way": under_way})


@require_safe
@organisation_screen(Role.ADMIN)
def page_import_one(request: OrganisationRequest, import_id: str) -> HttpResponse:
    """How far an import is; the part of it that asks again, for a script."""
    asked = get_object_or_404(PageImport, pk=import_id)
    is_part = request.headers.get("HX-Request") == "true"
    template = "progress.html" if is_part else "importing.html"
    values = progress_of(asked, reverse("page_import"))
    return render(request, f"dashboard/first_run/{template}", values)


def progress_of(asked: PageImport, again: str) -> dict[str, Any]:
    """What tells how far it is. `again`: where it is asked for anew."""
    lost = not asked.ended_at and asked not in PageImport.objects.under_way(timezone.now())
    return {"asked": asked, "lost": lost, "again": again}


@page_screen(Role.ADMIN)
def launch(request: PageRequest) -> HttpResponse:
    """What visitors will see, and the button that lets them."""
    page = request.page
    if page.published:
        return redirect("home", page.pk)
    done = _("“%(name)s” is launched: everybody can see it.") % {"name": page.name}
    if request.method == "POST" and told(
        request, lambda: update_page(page, request.actor, published=True), done
    ):
        return redirect("home", page.pk)
    values = {
        "groups": grouped(components_of(page)),
        "statuses": ComponentStatus.choices,
        "preview": preview_url(page),
    }
    return render(request, "dashboard/first_run/launch.html", values)
