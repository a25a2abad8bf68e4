"""Templates: notices that are prepared, so that at three in the morning a blank or two is filled in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from components.models import Component
from dashboard.doing import does, told
from dashboard.forms.template import TemplateForm
from dashboard.gates import PageRequest, page_screen
from dashboard.prepared import OF_MAINTENANCE, tried, values_in
from dashboard.typed import typed
from incidents.actions.template import (
    TEMPLATE_FIELDS,
    create_template,
    delete_template,
    placeholders,
    update_template,
)
from incidents.models import IncidentTemplate
from tenants.models import Role


@require_safe
@page_screen(Role.EDITOR)
def templates(request: PageRequest) -> HttpResponse:
    shown = Prefetch("components", Component.objects.present())
    rows = [
        (one, placeholders(one), one.update_status in OF_MAINTENANCE)
        for one in request.page.templates.prefetch_related(shown)
    ]
    return render(request, "dashboard/templates/list.html", {"rows": rows})


@page_screen(Role.EDITOR)
def template_new(request: PageRequest) -> HttpResponse:
    """With `?from=` of an incident, it begins as that began."""
    form = TemplateForm(request.page, typed(request), initial=_like(request))
    if _is_to_save(request, form):
        fields = form.cleaned_data | {"components": form.component_ids}
        if does(form, lambda: create_template(request.page, request.actor, **fields)):
            messages.success(request, _("The template is ready. Nobody but the team sees it."))
            return redirect("templates", request.page.pk)
    return _screen(request, form)


@page_screen(Role.EDITOR)
def template_edit(request: PageRequest, pk: str) -> HttpResponse:
    page, template = request.page, get_object_or_404(request.page.templates, pk=pk)
    form = TemplateForm(page, typed(request), instance=template)
    if _is_to_save(request, form):
        fields = form.changed(TEMPLATE_FIELDS)
        if "components" in form.changed_data:
            fields["components"] = form.component_ids
        if does(form, lambda: update_template(page, template, request.actor, **fields)):
            messages.success(request, _("Saved."))
            return redirect("templates", page.pk)
    return _screen(request, form, template=template)


@require_POST
@page_screen(Role.EDITOR)
def template_preview(request: PageRequest) -> HttpResponse:
    """What it would say, and where to try its placeholders, as a part of the screen."""
    values = {"tried": tried(request.POST, values_in(request.POST))}
    return render(request, "dashboard/templates/preview.html", values)


@page_screen(Role.EDITOR)
def template_delete(request: PageRequest, pk: str) -> HttpResponse:
    template = get_object_or_404(request.page.templates, pk=pk)
    if request.method != "POST":
        return render(request, "dashboard/templates/delete.html", {"template": template})
    done = _("The template “%(name)s” is deleted.") % {"name": template.name}
    told(request, lambda: delete_template(request.page, template, request.actor), done)
    return redirect("templates", request.page.pk)


def _is_to_save(request: PageRequest, form: TemplateForm) -> bool:
    return request.method == "POST" and "preview" not in request.POST and form.is_valid()


def _screen(
    request: PageRequest, form: TemplateForm, template: IncidentTemplate | None = None
) -> HttpResponse:
    shown = {name: form[name].value() for name in ("title", "body", "update_status")}
    values = {"form": form, "template": template, "tried": tried(shown, values_in(request.POST))}
    return render(request, "dashboard/templates/form.html", values)


def _like(request: PageRequest) -> dict[str, Any]:
    wanted = request.GET.get("from", "")
    found = request.page.incidents.present().filter(pk=wanted).first() if wanted.isalnum() else None
    if found is None:
        return {}
    first = found.updates.order_by("display_at", "pk").first()
    return {
        "name": found.name[:120],
        "title": found.name,
        "body": first.body if first else "",
        "components": [one.component_id for one in found.links.filter(component__deleted_at=None)],
        "update_status": "scheduled" if found.kind == "maintenance" else "investigating",
    }
