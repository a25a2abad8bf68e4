"""What waits: messages are told now after all, or to nobody; drafts are discarded."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dashboard.doing import told
from dashboard.gates import PageRequest, page_screen
from incidents.actions.draft import discard_draft
from notifications.holding import tell_now, undo
from tenants.models import Role

_VERBS = {
    "tell": (tell_now, _("Subscribers are being told.")),
    "undo": (undo, _("Nobody is told of it. The page still shows it.")),
}


@require_POST
@page_screen(Role.EDITOR)
def draft_discard(request: PageRequest, draft_id: str) -> HttpResponse:
    draft = get_object_or_404(request.page.drafts, pk=draft_id)
    done = str(_("The draft is discarded."))
    told(request, lambda: discard_draft(request.page, draft, request.actor), done)
    return redirect(f"{reverse('incidents', args=[request.page.pk])}?state=drafts")


@require_POST
@page_screen(Role.EDITOR)
def release(request: PageRequest, event_id: int) -> HttpResponse:
    verb, said = _VERBS.get(request.POST.get("then", ""), _VERBS["undo"])
    told(request, lambda: verb(request.page, request.actor, event_id), str(said))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(back) if safe else redirect("home", request.page.pk)
