"""Pages of page hosts that are not published documents, in the same look."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.template import Context, Engine
from django.template.base import Template
from django.utils import translation
from django.utils.translation import gettext as _

from pages.models import StatusPage
from publishing.building.page import page_view
from publishing.render import KEPT_PATH, UNAVAILABLE_PATH
from publishing.rendering import assets, engine
from publishing.storage import store

# Seconds after which what cannot be done at the moment may be tried again.
AGAIN = 60
_STYLE = Path(__file__).resolve().parent.parent / "static" / "public" / "forms.css"


def render(page: StatusPage, template: str, title: str, status: int = 200, **values: Any) -> HttpResponse:
    """A template of `templates/public/`, in the page's language and look."""
    view = replace(page_view(page), noindex=True)
    sheet = assets.brand_sheet(view)
    shared = {
        "page": view,
        "title": title,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "stylesheet": assets.stylesheet().path,
        "script": assets.script().path,
        "brand": sheet.path if sheet else "",
        "icon": view.favicon or assets.icon("page").path,
        "status_code": status,
        "forms_style": style_path(),
    }
    response = HttpResponse(_template(template).render(Context(shared | values)), status=status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def message(page: StatusPage, title: str, said: str, status: int = 200) -> HttpResponse:
    """A page that says one thing."""
    return render(page, "message.html", title, status, said=said)


def unavailable(host: str, path: str) -> HttpResponse:
    """What is said when the database is away: of subscriptions in the page's own, published words."""
    body = _published(host, UNAVAILABLE_PATH) if path.startswith("/subscriptions/") else None
    content = body or _template("unavailable.html").render(Context({}))
    return HttpResponse(content, status=503, headers={"Retry-After": str(AGAIN), "X-Robots-Tag": "noindex"})


def unsure_whether_saved() -> HttpResponse:
    """What is said to somebody whose form the database took and did not answer: without it, in the language
    that is active."""
    values = {"direction": "rtl" if translation.get_language_bidi() else "ltr"}
    content = _template("unsure.html").render(Context(values))
    return HttpResponse(content, status=504, headers={"Retry-After": str(AGAIN), "X-Robots-Tag": "noindex"})


def not_now_to_machines(*, unsure: bool) -> HttpResponse:
    """Both to scripts of any site, who ask about subscriptions."""
    hangs = _(
        "A part of our service has not answered in time. What you sent may have been saved, or not. Please "
        "send it again in a few minutes: that does no harm."
    )
    away = _(
        "A part of our service is down, and so we cannot take or change subscriptions right now. Nothing was "
        "saved. Please try again in a few minutes."
    )
    status, said = (504, hangs) if unsure else (503, away)
    headers = {"Retry-After": str(AGAIN), "Access-Control-Allow-Origin": "*"}
    return JsonResponse({"error": said}, status=status, headers=headers)


def kept(host: str) -> HttpResponse:
    """What is said to somebody whose request waits for the database, in the page's published words."""
    content = _published(host, KEPT_PATH) or _template("kept.html").render(Context({}))
    return HttpResponse(content, status=202, headers={"X-Robots-Tag": "noindex", "Cache-Control": "no-store"})


def _published(host: str, path: str) -> bytes | None:
    hosts = store().hosts()
    known = hosts.entries.get(host) if hosts else None
    manifest = store().manifest(known.page_id) if known and known.published else None
    entry = manifest.entries.get(path) if manifest else None
    return store().body(entry.hash) if entry else None


@cache
def style() -> bytes:
    return _STYLE.read_bytes()


@cache
def style_path() -> str:
    """Names the style's content, so that it keeps forever."""
    return f"/subscriptions/forms-{hashlib.sha256(style()).hexdigest()[:12]}.css"


@cache
def _template(name: str) -> Template:
    return _engine().get_template(f"public/{name}")


@cache
def _engine() -> Engine:
    """The pages' own loader and words."""
    loader = f"{engine.__name__}.{engine.DedentingLoader.__name__}"
    return Engine(
        dirs=[str(engine.DIRECTORY)],
        loaders=[("django.template.loaders.cached.Loader", [loader])],
        builtins=["django.templatetags.i18n", "publishing.rendering.tags"],
    )
