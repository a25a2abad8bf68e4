"""What the edge has not got: the page published on the spot, or a page that says it is on its way."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from outbox.registry import Later
from pages.models import StatusPage
from public.rendering import message
from public.visits import of_page
from publishing.publish import publish
from publishing.storage import store

NOT_FOUND = "/404"
_SECONDS = "2"


@require_safe
@of_page
def document(request: HttpRequest, page: StatusPage) -> HttpResponse:
    """The document at this path. Publishes the page if the store lacks it."""
    with suppress(Later):
        publish(page.pk)
    manifest = store().manifest(page.pk)
    if manifest is None:
        return _on_its_way(page)
    entry = manifest.entries.get(request.path) or manifest.entries[NOT_FOUND]
    body = store().body(entry.hash)
    if body is None:
        return _on_its_way(page)
    return HttpResponse(body, content_type=entry.type, status=entry.status)


def _on_its_way(page: StatusPage) -> HttpResponse:
    said = _("This page is being prepared and will be here in a moment. Please load it again.")
    response = message(page, _("One moment"), said, status=503)
    response.headers["Retry-After"] = _SECONDS
    response.headers["Refresh"] = _SECONDS
    return response
