"""How the page looks: chosen here, and seen at once as visitors will see it."""

from __future__ import annotations

import base64
import hashlib
import re

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from dashboard.doing import does, outcome
from dashboard.forms.appearance import IMAGES, AppearanceForm, hard_to_read
from dashboard.framed import in_theme
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from pages.actions import tried, update_page
from pages.forms import data_url
from pages.models import StatusPage
from publishing.rehearsing import look_of
from store import Document
from tenants.models import Role

_SHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
_SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL)


@page_screen(Role.ADMIN)
def appearance(request: PageRequest) -> HttpResponse:
    page = request.page
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        fields = form.changed(AppearanceForm.Meta.fields)
        if does(form, lambda: update_page(page, request.actor, **fields)):
            messages.success(request, _("Saved. Visitors see it now."))
            return redirect("appearance", page.pk)
    chosen = [str(form[name].value() or "") for name in ("accent", "accent_dark")]
    values = {"form": form, "hard": hard_to_read(*chosen)}
    return render(request, "dashboard/appearance/appearance.html", values)


@require_POST
@xframe_options_sameorigin
@page_screen(Role.ADMIN)
def appearance_preview(request: PageRequest) -> HttpResponse:
    """The status page with what is chosen so far, for a frame. Nothing is kept."""
    form = _form(request)
    fields = form.changed(AppearanceForm.Meta.fields) if form.is_valid() else {}
    found, refusal = outcome(lambda: look_of(tried(form.instance, **fields)))
    if found is None:
        policy = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'; sandbox"}
        plain = "text/plain; charset=utf-8"
        return HttpResponse(refusal, content_type=plain, status=422, headers=policy)
    return _framed(found, request.GET.get("theme", ""))


def _form(request: PageRequest) -> AppearanceForm:
    instance = StatusPage.objects.select_related(*IMAGES).get(pk=request.page.pk)
    return AppearanceForm(typed(request), request.FILES or None, instance=instance)


def _framed(found: dict[str, Document], theme: str) -> HttpResponse:
    """One document with all that it loads in it: what is not saved is at no address."""
    sheets: list[str] = []

    def sheet(match: re.Match[str]) -> str:
        body = found[match[1]].body.decode() if match[1] in found else ""
        sheets.append(in_theme(body, theme))
        return f"<style>{sheets[-1]}</style>"

    html = _SCRIPT.sub("", _SHEET.sub(sheet, found["/"].body.decode()))
    for path, document in found.items():
        if document.content_type.startswith("image/"):
            html = html.replace(f'"{path}"', f'"{data_url(document.body, document.content_type)}"')
    hashes = " ".join(f"'sha256-{_digest(one)}'" for one in sheets)
    policy = f"default-src 'none'; img-src data:; style-src {hashes}; frame-ancestors 'self'; sandbox"
    return HttpResponse(html, headers={"Content-Security-Policy": policy})


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
