"""What comes to a page from elsewhere, and what can be taken away of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.export import archive
from dashboard.doing import does, outcome
from dashboard.downloads import zip_answer
from dashboard.forms.data import BringForm
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from dashboard.views.first_run import progress_of
from importing.asking import ask_for_import
from importing.models import PageImport
from pages.actions import note_export
from publishing.site import site
from tenants.models import Role


@page_screen(Role.ADMIN)
def page_data(request: PageRequest) -> HttpResponse:
    """A POST asks for an import to this page; what failed can be sent again as it was, by its address."""
    page = request.page
    form = BringForm(typed(request), initial={"url": request.GET.get("url", "")})
    asked: list[PageImport] = []
    if request.method == "POST" and form.is_valid():
        url = form.cleaned_data["url"]
        if does(form, lambda: asked.append(ask_for_import(request.actor, url, into=page))):
            return redirect("page_data_import", page.pk, asked[0].pk)
    under_way = PageImport.objects.under_way(timezone.now()).filter(into_id=page.pk).first()
    values = {"form": form, "under_way": under_way, "section": "data"}
    return render(request, "dashboard/settings/data.html", values)


@require_safe
@page_screen(Role.ADMIN)
def page_data_import(request: PageRequest, import_id: str) -> HttpResponse:
    """How far an import to this page is; the part of it that asks again, for a script."""
    asked = get_object_or_404(PageImport, pk=import_id, into_id=request.page.pk)
    values = progress_of(asked, reverse("page_data", args=[request.page.pk])) | {"section": "data"}
    is_part = request.headers.get("HX-Request") == "true"
    template = "first_run/progress.html" if is_part else "settings/data_import.html"
    return render(request, f"dashboard/{template}", values)


@require_POST
@page_screen(Role.ADMIN)
def page_export(request: PageRequest) -> HttpResponse:
    """Everything of the page, subscribers included, as one file."""
    note_export(request.page, request.actor)
    return zip_answer(archive(request.organisation, request.page), request.page.slug)


@require_safe
@page_screen(Role.ADMIN)
def page_site(request: PageRequest) -> HttpResponse:
    """What visitors see, as one file."""
    found, refusal = outcome(lambda: site(request.page.pk))
    if found is None:
        messages.error(request, refusal)
        return redirect("page_data", request.page.pk)
    return zip_answer(found, f"{request.page.slug}-site")
