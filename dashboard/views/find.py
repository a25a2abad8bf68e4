"""What the palette finds by name."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.gates import PageRequest, page_screen
from dashboard.prepared import OF_INCIDENTS
from tenants.models import Role

_MOST = 6


@require_safe
@page_screen()
def find(request: PageRequest) -> HttpResponse:
    """Incidents with these words in their names, the newest first, and templates to open one from, as a part
    of the palette."""
    words = request.GET.get("q", "").strip()[:100]
    named = request.page.incidents.present().incidents().filter(name__icontains=words)
    prepared = request.page.templates.filter(name__icontains=words, update_status__in=OF_INCIDENTS)
    may_edit = request.standing.may(Role.EDITOR, request.page.pk)
    values = {
        "incidents": named.order_by("-started_at", "-id")[:_MOST] if words else [],
        "templates": prepared[:_MOST] if words and may_edit else [],
    }
    return render(request, "dashboard/home/found.html", values)
