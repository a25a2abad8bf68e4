"""What the palette finds by name."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.gates import PageRequest, page_screen

_MOST = 6


@require_safe
@page_screen()
def find(request: PageRequest) -> HttpResponse:
    """Incidents of the page with these words in their names, the newest first, as a part of the palette."""
    words = request.GET.get("q", "").strip()[:100]
    named = request.page.incidents.present().incidents().filter(name__icontains=words)
    found = named.order_by("-started_at", "-id")[:_MOST] if words else []
    return render(request, "dashboard/home/found.html", {"incidents": found})
