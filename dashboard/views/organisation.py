"""An organisation as a whole: its name, its rules, taking it away, handing it over, deleting it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.export import archive
from accounts.factors import has_second_factor
from dashboard.doing import does
from dashboard.downloads import zip_answer
from dashboard.forms.base import number
from dashboard.forms.organisation import DeleteForm, RenameForm
from dashboard.gates import OrganisationRequest, organisation_screen
from dashboard.typed import typed
from tenants.members import transfer_ownership
from tenants.models import ApiKey, Membership, Role
from tenants.organisations import GRACE, delete_tenant, note_export, rename_tenant, require_2fa


@organisation_screen(Role.ADMIN)
def settings(request: OrganisationRequest) -> HttpResponse:
    form = RenameForm(typed(request), initial={"name": request.organisation.name})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if does(form, lambda: rename_tenant(request.organisation, name, request.actor)):
            messages.success(request, _("Saved."))
            return redirect("organisation_settings")
    kept = typed(request, reverse("delete_organisation")) if request.method != "POST" else None
    initial = {"name": kept["name"]} if kept else {}
    return _screen(request, form, DeleteForm(request.organisation, initial=initial))


@require_POST
@organisation_screen(Role.OWNER)
def second_factor(request: OrganisationRequest) -> HttpResponse:
    """Whether members need one. Whoever asks for it has one: nobody locks themselves out by a click."""
    wanted = request.POST.get("required") == "yes"
    if wanted and not has_second_factor(request.user):
        messages.error(request, _("Set up a passkey or codes for yourself first."))
    else:
        require_2fa(request.organisation, wanted, request.actor)
        messages.success(request, _("Saved: it holds from now on."))
    return redirect("organisation_settings")


@require_POST
@organisation_screen(Role.OWNER)
def transfer(request: OrganisationRequest) -> HttpResponse:
    others = Membership.objects.filter(tenant=request.organisation).exclude(user=request.user)
    wanted = number(request.POST.get("member", ""))
    heir = others.select_related("user").filter(pk=wanted).first() if wanted else None
    if heir is None:
        raise Http404
    transfer_ownership(request.organisation, request.user, heir, request.actor)
    messages.success(request, _("%(who)s is an owner now, and you are an admin.") % {"who": heir.user})
    return redirect("members")


@require_POST
@organisation_screen(Role.OWNER)
def delete(request: OrganisationRequest) -> HttpResponse:
    form = DeleteForm(request.organisation, request.POST)
    if not form.is_valid():
        rename = RenameForm(initial={"name": request.organisation.name})
        return _screen(request, rename, form)
    until = delete_tenant(request.organisation, request.actor)
    said = _("%(name)s is closed, and will be removed on %(date)s. Until then you can bring it back.")
    values = {"name": request.organisation.name, "date": date_format(until, "DATE_FORMAT")}
    messages.success(request, said % values)
    return redirect("/o/?all")


@require_POST
@organisation_screen(Role.OWNER)
def export(request: OrganisationRequest) -> HttpResponse:
    """Everything, as one file."""
    note_export(request.organisation, request.actor)
    return zip_answer(archive(request.organisation), request.organisation.slug)


def _screen(request: OrganisationRequest, form: RenameForm, delete_form: DeleteForm) -> HttpResponse:
    others = Membership.objects.filter(tenant=request.organisation).exclude(user=request.user)
    values = {
        "form": form,
        "delete_form": delete_form,
        "is_owner": request.standing.may(Role.OWNER),
        "others": others.select_related("user").order_by("user__email"),
        "keys": ApiKey.objects.filter(tenant=request.organisation, revoked_at=None).count(),
        "days": GRACE.days,
    }
    return render(request, "dashboard/organisation/settings.html", values)
