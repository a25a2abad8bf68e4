"""The organisations that somebody works for: choosing one, making one, bringing one back."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.doing import does, told
from dashboard.forms.organisation import NewOrganisationForm
from events.actor import person_behind
from tenants.access import deleted_tenants_of, may_create_tenant, tenants_of
from tenants.actions import create_tenant
from tenants.models import Tenant, User
from tenants.organisations import GRACE, restore_tenant


@login_required
def organisations(request: HttpRequest) -> HttpResponse:
    """Straight into the only one."""
    found, gone = tenants_of(request.user), deleted_tenants_of(request.user)
    may_create = may_create_tenant(request.user)
    if len(found) == 1 and not gone and "all" not in request.GET:
        return HttpResponseRedirect(f"/o/{found[0].slug}/")
    values = {
        "organisations": found,
        "gone": [(one, one.deleted_at + GRACE) for one in gone if one.deleted_at],
        "may_create": may_create,
    }
    return render(request, "dashboard/organisations/list.html", values)


@login_required
def new_organisation(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not isinstance(user, User) or not may_create_tenant(user):
        raise PermissionDenied
    form = NewOrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made: list[Tenant] = []
        if does(form, lambda: made.append(create_tenant(**form.cleaned_data, owner=user))):
            return HttpResponseRedirect(f"/o/{made[0].slug}/")
    return render(request, "dashboard/organisations/new.html", {"form": form})


@login_required
@require_POST
def restore_organisation(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("organisation", "")
    tenant = next((one for one in deleted_tenants_of(request.user) if one.pk == wanted), None)
    if tenant is None:
        raise Http404
    done = _("%(name)s is back, as it was.") % {"name": tenant.name}
    if told(request, lambda: restore_tenant(tenant, person_behind(request)), done):
        return HttpResponseRedirect(f"/o/{tenant.slug}/")
    return redirect("organisations")
