"""What the edge has not got: made on the spot, or a page that says it is on its way."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from outbox.registry import Later
from pages.models import StatusPage
from public.rendering import message
from public.visits import of_launched_page
from publishing.finding import slice_for
from publishing.publish import publish, publish_slice
from publishing.rendering.statuspage import history_path
from publishing.repair import rebuild
from publishing.storage import store
from store.emergency import RESERVED

NOT_FOUND = "/404"
_API, _HISTORY = "/api/v2/", "/history.json"
_SECONDS = "2"


@require_safe
@of_launched_page
def document(request: HttpRequest, page: StatusPage) -> HttpResponse:
    """The document at this path. Publishes the page if the store lacks it, or what is awaited there."""
    path = _path(request)
    try:
        _make(page, path)
        response = _stored(page, path if _is_published(page, path) else NOT_FOUND)
    except Later:
        response = _stored(page, path)
    if response is None:
        _mend(page)
    return _headed(response or _on_its_way(page, path), path)


def _path(request: HttpRequest) -> str:
    """As the edge finds documents: a slash at the end makes no other, and history has its pages."""
    number = request.GET.get("page", "")
    if request.path == _HISTORY and number.isdecimal():
        return history_path(int(number))
    return request.path if request.path == "/" else request.path.removesuffix("/")


def _make(page: StatusPage, path: str) -> None:
    """Raises Later where somebody else is at it."""
    manifest = store().manifest(page.pk)
    if manifest is None:
        publish(page.pk)
    elif path not in manifest.entries and (name := slice_for(page, path, manifest.awaited)):
        publish_slice(page.pk, name)


def _mend(page: StatusPage) -> None:
    """What is published and cannot be read is damaged. Once asked for, everything is awaited."""
    manifest = store().manifest(page.pk)
    if manifest is not None and not manifest.awaited:
        rebuild(page.pk)


def _is_published(page: StatusPage, path: str) -> bool:
    manifest = store().manifest(page.pk)
    return manifest is not None and path in manifest.entries and not path.startswith(RESERVED)


def _stored(page: StatusPage, path: str) -> HttpResponse | None:
    manifest = store().manifest(page.pk)
    entry = manifest.entries.get(path) if manifest else None
    body = store().body(entry.hash) if entry else None
    if entry is None or body is None:
        return None
    return HttpResponse(body, content_type=entry.type, status=entry.status)


def _headed(response: HttpResponse, path: str) -> HttpResponse:
    """From the next request on the edge answers, with tags and lifetimes: nobody keeps what came this way."""
    response.headers["Cache-Control"] = "no-store"
    if path.startswith(_API):
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _on_its_way(page: StatusPage, path: str) -> HttpResponse:
    if "." in path.rpartition("/")[2]:
        response: HttpResponse = JsonResponse({"error": "This document is on its way."}, status=503)
    else:
        said = _("This page is being prepared and will be here in a moment. Please load it again.")
        response = message(page, _("One moment"), said, status=503)
        response.headers["Refresh"] = _SECONDS
    response.headers["Retry-After"] = _SECONDS
    return response
