"""Mail as its readers will see it, in a frame at an address of its own: with its own styles, nothing else.

A frame whose text is within our screen (`srcdoc`) would be under our screen's policy, which takes no such
styles.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from notifications.dry_run import Sample

_HOUR = 3600
# Styles are a mail's own; scripts, forms and whatever is elsewhere are nobody's.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
_DARK = re.compile(r"\(prefers-color-scheme: ?dark\)")
_SCHEME = "color-scheme: light dark"
# What asks for the dark theme becomes what is always so, or never.
_THEMES = {"dark": "(min-width:0)", "light": "(max-width:0)"}


@dataclass(frozen=True, slots=True)
class Framed:
    """A mail's subject and plain text, and where its HTML is in each theme."""

    subject: str
    text: str
    light: str
    dark: str


def framed(request: HttpRequest, page_id: str, about: str, sample: Sample | None) -> Framed | None:
    """Keep the mail for an hour, for whoever is looking at it: of each open form the newest, and of each
    thing that it is `about`."""
    if sample is None:
        return None
    form = _form(request)
    cache.set(_key(request, page_id, about, form), sample.html, _HOUR)
    # A mail that has changed is at another address: nothing old is shown.
    asked = {"about": about, "form": form, "of": _digest(sample.html)}
    light, dark = (
        f"{reverse('mail_preview', args=[page_id])}?{urlencode(asked | {'theme': theme})}"
        for theme in ("light", "dark")
    )
    return Framed(sample.subject, sample.text, light, dark)


def answer(request: HttpRequest, page_id: str) -> HttpResponse:
    """What the frame loads. Raises Http404 where it is kept no longer."""
    theme, about, form = (request.GET.get(name, "")[:40] for name in ("theme", "about", "form"))
    html = cache.get(_key(request, page_id, about, form))
    if html is None or theme not in _THEMES:
        raise Http404
    shown = in_theme(html, theme).replace(_SCHEME, f"color-scheme: {theme}")
    return HttpResponse(shown, headers={"Content-Security-Policy": _POLICY})


def in_theme(text: str, theme: str) -> str:
    """HTML or a sheet as it is in the dark or the light theme, whatever the reader prefers; as it was in any
    other."""
    return _DARK.sub(_THEMES[theme], text) if theme in _THEMES else text


def _form(request: HttpRequest) -> str:
    """Tells the forms in two tabs from one another: each was given another spelling of the token."""
    return _digest(request.POST.get("csrfmiddlewaretoken", ""))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _key(request: HttpRequest, page_id: str, about: str, form: str) -> str:
    whole = "\n".join([str(request.user.pk), page_id, about, form])
    return f"mail-preview:{hashlib.sha256(whole.encode()).hexdigest()}"
