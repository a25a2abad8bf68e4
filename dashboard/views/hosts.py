"""At which addresses the page is served, and what DNS has to say for more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from common.names import proof
from dashboard.doing import does, told
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from pages.models import OwnHost
from pages.own_hosts import (
    CAREFUL,
    GOOD,
    Code,
    Finding,
    add_host,
    check,
    make_primary,
    remove_host,
    said,
    target,
)
from tenants.models import Domain, DomainKind, Role


class HostForm(forms.Form):
    host = forms.CharField(
        label=gettext_lazy("Domain"),
        max_length=260,
        widget=forms.TextInput(attrs={"placeholder": "status.example.org", "autocomplete": "off"}),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A domain with the two records that it needs, and what was found, with its tone, in words."""

    own: OwnHost
    txt: tuple[str, str]
    cname: str
    findings: list[tuple[str, str]]


@page_screen(Role.ADMIN)
def hosts(request: PageRequest) -> HttpResponse:
    """A POST adds one."""
    page = request.page
    form = HostForm(typed(request))
    sent = request.method == "POST" and form.is_valid()
    if sent and does(form, lambda: add_host(page, request.actor, form.cleaned_data["host"])):
        messages.success(request, _("Now add its two records to DNS. They are looked for by themselves."))
        return redirect("hosts", page.pk)
    given = Domain.objects.filter(page_id=page.pk, kind__in=[DomainKind.SLUG, DomainKind.ID]).order_by(
        "-kind"
    )
    rows = [_shown(request, one) for one in page.own_hosts.select_related("page")]
    values = {"form": form, "rows": rows, "given": given, "section": "hosts"}
    return render(request, "dashboard/settings/hosts.html", values)


def _shown(request: PageRequest, own: OwnHost) -> Shown:
    found = [Finding(Code(one["code"]), one["about"]) for one in own.findings]
    return Shown(
        own,
        proof(request.organisation.pk, own.host),
        target(request.page),
        [(_tone(one.code), said(one, own)) for one in found],
    )


def _tone(code: Code) -> str:
    if code in GOOD:
        return "ok"
    return "warning" if code in CAREFUL else "error"


@require_POST
@page_screen(Role.ADMIN)
def host_check(request: PageRequest, pk: str) -> HttpResponse:
    """Ask DNS now."""
    check(_found(request, pk))
    return redirect("hosts", request.page.pk)


@require_POST
@page_screen(Role.ADMIN)
def host_primary(request: PageRequest) -> HttpResponse:
    done = _("Links lead there from now on.")
    named = request.POST.get("host", "")
    told(request, lambda: make_primary(request.page, request.actor, named), done)
    return redirect("hosts", request.page.pk)


@page_screen(Role.ADMIN)
def host_remove(request: PageRequest, pk: str) -> HttpResponse:
    own = _found(request, pk)
    if request.method != "POST":
        return render(request, "dashboard/settings/host_remove.html", {"own": own, "section": "hosts"})
    done = _("The page is not served there any more.")
    told(request, lambda: remove_host(request.page, own, request.actor), done)
    return redirect("hosts", request.page.pk)


def _found(request: PageRequest, pk: str) -> Any:
    return get_object_or_404(request.page.own_hosts.select_related("page"), pk=pk)
