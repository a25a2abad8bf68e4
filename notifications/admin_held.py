"""Above the list of what was told: what is held, to be told now or never."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from events.actor import person_behind
from events.models import Event
from notifications.holding import held, tell_now, undo
from pages.admin_base import standing
from pages.models import StatusPage
from tenants.models import Role

_VERBS = {"tell": tell_now, "undo": undo}


@dataclass(frozen=True, slots=True)
class Shown:
    page: StatusPage
    event: Event
    until: datetime

    @property
    def about(self) -> str:
        facts: dict[str, Any] = self.event.facts or {}
        told = facts.get("incident") or facts
        return str(told.get("name") or told.get("title") or "")


def shown_to(request: HttpRequest) -> list[Shown]:
    """What is held of those pages that the member may speak on."""
    now = timezone.now()
    pages = [one for one in StatusPage.objects.present() if standing(request).may(Role.EDITOR, one.pk)]
    return [Shown(page, one.event, one.until) for page in pages for one in held(page, now)]


def is_about_held(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("held") in _VERBS


def carry_out(request: HttpRequest) -> HttpResponse:
    """Tell now, or nobody, as the button says."""
    found = {str(one.event.pk): one.page for one in shown_to(request)}
    number = request.POST.get("event", "")
    if not standing(request).may_somewhere(Role.EDITOR):
        raise PermissionDenied
    try:
        if number not in found:
            raise Refused(_("It is too late: its messages are being sent."))
        _VERBS[request.POST["held"]](found[number], person_behind(request), int(number))
        messages.success(request, _("Done."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return HttpResponseRedirect(request.path)
