"""The way in at an app host."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from statuspage.admin import platform
from tenants.access import tenants_of


@login_required
def organisations(request: HttpRequest) -> HttpResponse:
    """The organisations that somebody works for; straight into the only one."""
    found = tenants_of(request.user)
    if len(found) == 1 and not request.user.is_staff:
        return HttpResponseRedirect(f"/o/{found[0].slug}/admin/")
    context = {**platform.each_context(request), "title": "", "organisations": found}
    return TemplateResponse(request, "admin/organisations.html", context)
