"""What the page reports on: its components and groups, their order, their status, their past."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from components.actions import (
    COMPONENT_FIELDS,
    GROUP_FIELDS,
    arrange,
    correct_history,
    create_component,
    create_group,
    delete_component,
    delete_group,
    update_component,
    update_group,
    withdraw_correction,
)
from components.choices import ComponentStatus
from dashboard.doing import does, told
from dashboard.forms.component import ComponentForm, CorrectionForm, GroupForm, blocks
from dashboard.gates import PageRequest, page_screen
from dashboard.history import corrections, stretches, uptime
from dashboard.layout import layout, moved
from dashboard.typed import typed
from tenants.models import Role


@require_safe
@page_screen()
def components(request: PageRequest) -> HttpResponse:
    page = request.page
    values = {
        "blocks": layout(page),
        "statuses": ComponentStatus.choices,
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
    }
    return render(request, "dashboard/components/list.html", values)


@require_POST
@page_screen(Role.EDITOR)
def component_order(request: PageRequest) -> HttpResponse:
    """All of them as `item`s in their new order; `move` (an item and up or down) moves one of them first."""
    items = request.POST.getlist("item")
    item, _colon, way = request.POST.get("move", "").rpartition(":")
    told(request, lambda: arrange(request.page, blocks(moved(items, item, way)), request.actor))
    return redirect("components", request.page.pk)


@page_screen(Role.EDITOR)
def component_new(request: PageRequest) -> HttpResponse:
    form = ComponentForm(request.page, typed(request), initial={"group": request.GET.get("group")})
    if request.method == "POST" and form.is_valid():
        fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
        if does(form, lambda: create_component(request.page, request.actor, **fields)):
            messages.success(request, _("“%(name)s” is on the page.") % {"name": fields["name"]})
            return redirect("component_new" if "another" in request.POST else "components", request.page.pk)
    return render(request, "dashboard/components/form.html", {"form": form})


@require_safe
@page_screen()
def component(request: PageRequest, pk: str) -> HttpResponse:
    """Its status, its past with reasons, and what has been corrected."""
    page, now = request.page, timezone.now()
    found = get_object_or_404(page.components.present().with_status().select_related("page", "group"), pk=pk)
    values = {
        "component": found,
        "status": ComponentStatus(found.status),
        "uptime": uptime(found, now),
        "rows": stretches(found, request.GET.get("page")),
        "corrections": corrections(found),
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
    }
    return render(request, "dashboard/components/component.html", values)


@page_screen(Role.EDITOR)
def component_edit(request: PageRequest, pk: str) -> HttpResponse:
    page = request.page
    found = get_object_or_404(page.components.present(), pk=pk)
    form = ComponentForm(page, typed(request), instance=found)
    if request.method == "POST" and form.is_valid():
        fields = form.changed(COMPONENT_FIELDS)
        if does(form, lambda: update_component(page, found, request.actor, **fields)):
            messages.success(request, _("Saved."))
            return redirect("component", page.pk, pk)
    return render(request, "dashboard/components/form.html", {"form": form, "component": found})


@page_screen(Role.EDITOR)
def component_correct(request: PageRequest, pk: str) -> HttpResponse:
    """Say what its status really was; shown to everybody, with the reason."""
    page = request.page
    found = get_object_or_404(page.components.present(), pk=pk)
    form = CorrectionForm(typed(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if does(form, lambda: correct_history(page, found, request.actor, **said)):
            messages.success(request, _("The history is corrected. Visitors see the reason beside it."))
            return redirect("component", page.pk, pk)
    return render(request, "dashboard/components/correct.html", {"form": form, "component": found})


@require_POST
@page_screen(Role.EDITOR)
def correction_withdraw(request: PageRequest, pk: str, number: int) -> HttpResponse:
    found = get_object_or_404(request.page.components.present(), pk=pk)
    said = get_object_or_404(corrections(found), pk=number)
    done = _("Withdrawn: the history is again what was said at the time.")
    told(request, lambda: withdraw_correction(request.page, said, request.actor), done)
    return redirect("component", request.page.pk, pk)


@page_screen(Role.EDITOR)
def component_delete(request: PageRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(request.page.components.present(), pk=pk)
    if request.method != "POST":
        return render(request, "dashboard/components/delete.html", {"component": found})
    done = _("“%(name)s” is off the page. Its history keeps its name.") % {"name": found.name}
    told(request, lambda: delete_component(request.page, found, request.actor), done)
    return redirect("components", request.page.pk)


@page_screen(Role.EDITOR)
def group_new(request: PageRequest) -> HttpResponse:
    form = GroupForm(request.page, typed(request))
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        ids = [one.pk for one in fields.pop("components")]
        if does(form, lambda: create_group(request.page, request.actor, components=ids, **fields)):
            messages.success(request, _("The group “%(name)s” is there.") % {"name": fields["name"]})
            return redirect("components", request.page.pk)
    return render(request, "dashboard/components/group.html", {"form": form})


@page_screen(Role.EDITOR)
def group_edit(request: PageRequest, pk: str) -> HttpResponse:
    page = request.page
    group = get_object_or_404(page.groups.present(), pk=pk)
    form = GroupForm(page, typed(request), instance=group)
    if request.method == "POST" and form.is_valid():
        ids = [one.pk for one in form.cleaned_data["components"]]
        members = ids if "components" in form.changed_data else None
        fields = form.changed(GROUP_FIELDS)
        if does(form, lambda: update_group(page, group, request.actor, components=members, **fields)):
            messages.success(request, _("Saved."))
            return redirect("components", page.pk)
    return render(request, "dashboard/components/group.html", {"form": form, "group": group})


@page_screen(Role.EDITOR)
def group_delete(request: PageRequest, pk: str) -> HttpResponse:
    group = get_object_or_404(request.page.groups.present(), pk=pk)
    if request.method != "POST":
        return render(request, "dashboard/components/dissolve.html", {"group": group})
    done = _("The group is dissolved. Its components stand by themselves.")
    told(request, lambda: delete_group(request.page, group, request.actor), done)
    return redirect("components", request.page.pk)
