"""To which countries an organisation sends SMS, and what that may cost in a day."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.doing import does
from dashboard.forms.sms import SmsForm
from dashboard.gates import OrganisationRequest, organisation_screen
from dashboard.typed import typed
from notifications.sms.budget import spent
from subscribers.phones import is_offered
from tenants.models import Role
from tenants.sms import limit_sms, limits


@organisation_screen(Role.ADMIN)
def organisation_sms(request: OrganisationRequest) -> HttpResponse:
    tenant = request.organisation
    form = SmsForm(tenant, typed(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        limit = (tenant, request.actor, given["sms_countries"], given["sms_daily_cap"])
        if does(form, lambda: limit_sms(*limit)):
            messages.success(request, _("Saved: it holds from now on."))
            return redirect("organisation_sms")
    values = {
        "form": form,
        "offered": is_offered(),
        "spent": spent(tenant.pk, timezone.now()),
        "most": limits([tenant.pk])[tenant.pk][1],
    }
    return render(request, "dashboard/organisation/sms.html", values)
