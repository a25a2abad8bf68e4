"""Where else the page is kept."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from copies.actions import add_copy_target, change_copy_target, copy_anew, remove_copy_target
from dashboard.doing import does, told
from dashboard.forms.settings import CopyForm
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from tenants.models import Role


@require_safe
@page_screen(Role.ADMIN)
def copies(request: PageRequest) -> HttpResponse:
    values = {"rows": request.page.copy_targets.select_related("page"), "section": "copies"}
    return render(request, "dashboard/settings/copies.html", values)


@page_screen(Role.ADMIN)
def copy_new(request: PageRequest) -> HttpResponse:
    form = CopyForm(typed(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if does(form, lambda: add_copy_target(request.page, request.actor, **given)):
            messages.success(request, _("Every version is copied there from now on."))
            return redirect("copies", request.page.pk)
    return render(request, "dashboard/settings/copy.html", {"form": form, "section": "copies"})


@page_screen(Role.ADMIN)
def copy_edit(request: PageRequest, pk: str) -> HttpResponse:
    target = get_object_or_404(request.page.copy_targets, pk=pk)
    form = CopyForm(typed(request), instance=target)
    if request.method == "POST" and form.is_valid():
        fields = form.fields_changed
        if does(form, lambda: change_copy_target(request.page, target, request.actor, **fields)):
            messages.success(request, _("Saved."))
            return redirect("copies", request.page.pk)
    values = {"form": form, "target": target, "section": "copies"}
    return render(request, "dashboard/settings/copy.html", values)


@require_POST
@page_screen(Role.ADMIN)
def copy_again(request: PageRequest, pk: str) -> HttpResponse:
    target = get_object_or_404(request.page.copy_targets, pk=pk)
    told(request, lambda: copy_anew(request.page, target, request.actor), _("Everything is sent again."))
    return redirect("copies", request.page.pk)


@page_screen(Role.ADMIN)
def copy_remove(request: PageRequest, pk: str) -> HttpResponse:
    target = get_object_or_404(request.page.copy_targets, pk=pk)
    if request.method != "POST":
        values = {"target": target, "section": "copies"}
        return render(request, "dashboard/settings/copy_remove.html", values)
    done = _("Nothing is copied there any more.")
    told(request, lambda: remove_copy_target(request.page, target, request.actor), done)
    return redirect("copies", request.page.pk)
