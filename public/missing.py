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
from store import Entry, Manifest

NOT_FOUND = "/404"
_API = "/api/v2/"
_SECONDS = "2"


@require_safe
@of_page
def document(request: HttpRequest, page: StatusPage) -> HttpResponse:
    """The document at this path. Publishes the page if the store lacks it."""
    with suppress(Later):
        publish(page.pk)
    return _headed(_stored(page, request.path) or _on_its_way(page), request.path)


def _stored(page: StatusPage, path: str) -> HttpResponse | None:
    manifest = store().manifest(page.pk)
    entry = _named(manifest, path) if manifest else None
    body = store().body(entry.hash) if entry else None
    if entry is None or body is None:
        return None
    return HttpResponse(body, content_type=entry.type, status=entry.status)


def _named(manifest: Manifest, path: str) -> Entry:
    """As the edge finds it: with or without a slash at its end."""
    entries = manifest.entries
    return entries.get(path) or entries.get(path.removesuffix("/")) or entries[NOT_FOUND]


def _headed(response: HttpResponse, path: str) -> HttpResponse:
    """From the next request on the edge answers, with tags and lifetimes: nobody keeps what came this way."""
    response.headers["Cache-Control"] = "no-store"
    if path.startswith(_API):
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _on_its_way(page: StatusPage) -> HttpResponse:
    said = _("This page is being prepared and will be here in a moment. Please load it again.")
    response = message(page, _("One moment"), said, status=503)
    response.headers["Retry-After"] = _SECONDS
    response.headers["Refresh"] = _SECONDS
    return response
