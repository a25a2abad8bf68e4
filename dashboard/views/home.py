"""Where a page stands: what visitors see, what is open, what comes, and how messages fare."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from dashboard.gates import OrganisationRequest, PageRequest, organisation_screen, page_screen
from pages.models import StatusPage


@organisation_screen()
def index(request: OrganisationRequest) -> HttpResponse:
    """The organisation's pages; straight to the only one."""
    pages = list(StatusPage.objects.present())
    if len(pages) == 1 and "all" not in request.GET:
        return redirect("home", pages[0].pk)
    return render(request, "dashboard/home/pages.html", {"pages": pages})


@page_screen()
def home(request: PageRequest) -> HttpResponse:
    return render(request, "dashboard/home/home.html", {})
