"""Messages that wait: told now after all, or to nobody."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from common.errors import Refused
from dashboard.gates import PageRequest, page_screen
from notifications.holding import tell_now, undo
from tenants.models import Role

_VERBS = {
    "tell": (tell_now, _("Subscribers are being told.")),
    "undo": (undo, _("Nobody is told of it. The page still shows it.")),
}


@require_POST
@page_screen(Role.EDITOR)
def release(request: PageRequest, event_id: int) -> HttpResponse:
    verb, said = _VERBS.get(request.POST.get("then", ""), _VERBS["undo"])
    try:
        verb(request.page, request.actor, event_id)
        messages.success(request, said)
    except Refused as refusal:
        messages.error(request, refusal.message)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return redirect(back) if safe else redirect("home", request.page.pk)
