"""Tables of subscribers brought in and taken out, a person's data, and tests."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from dashboard.doing import counted, does, outcome
from dashboard.forms.subscriber import TestForm
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from dashboard.views.subscribers import chosen
from notifications.dossier import dossier
from notifications.models import Delivery
from notifications.trials import send_test
from subscribers.addresses import channels
from subscribers.bulk import import_confirmed
from subscribers.choices import Channel
from subscribers.models import Subscriber
from subscribers.reading import columns
from subscribers.screens import Preview, download, preview, previewed
from tenants.models import Role


@require_safe
@page_screen(Role.ADMIN)
def subscribers_export(request: PageRequest) -> Any:
    """What the list shows, with its filters, as CSV."""
    return download(chosen(request), "subscribers")


@page_screen(Role.ADMIN)
def subscribers_import(request: PageRequest) -> HttpResponse:
    """A file, then what it would do, then doing it."""
    answer, refusal = outcome(lambda: _import(request))
    return answer or _import_screen(request, problem=refusal)


def _import(request: PageRequest) -> HttpResponse:
    if request.method != "POST":
        return _import_screen(request)
    if "seal" not in request.POST:
        return _import_screen(request, preview(request.page, request))
    found, note = previewed(request.page, request), request.POST.get("consent_note", "")
    added, refusal = outcome(lambda: import_confirmed(request.page, found.found.new, request.actor, note))
    if added is None:
        return _import_screen(request, found, note=note, problem=refusal)
    messages.success(request, ngettext("%d person was added.", "%d people were added.", added) % added)
    return redirect("subscribers", request.page.pk)


def _import_screen(request: PageRequest, found: Preview | None = None, **more: Any) -> HttpResponse:
    values = {"preview": found, "columns": columns()} | more
    status = 422 if "problem" in more else 200
    return render(request, "dashboard/subscribers/import.html", values, status=status)


@require_safe
@page_screen(Role.ADMIN)
def subscriber_person(request: PageRequest, pk: str) -> HttpResponse:
    """Everything about one person, as a file."""
    found = get_object_or_404(Subscriber.objects.of_page(request.page.pk), pk=pk)
    body = json.dumps(dossier(found), ensure_ascii=False, indent=2)
    name = f'attachment; filename="person-{found.pk}.json"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return HttpResponse(body, content_type="application/json", headers=headers)


@page_screen(Role.ADMIN)
def test_message(request: PageRequest) -> HttpResponse:
    """Send one message of a kind to an address, by default to whoever asks."""
    form = TestForm(typed(request), initial=_prefilled(request))
    made: list[Delivery] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        send = counted(lambda: made.append(send_test(request.page, actor=request.actor, **given)))
        if does(form, send):
            messages.success(request, _("The test is on its way; here is what becomes of it."))
            return redirect("delivery", request.page.pk, made[0].pk)
    return render(request, "dashboard/notifications/test.html", {"form": form})


def _prefilled(request: PageRequest) -> dict[str, str]:
    rows = Subscriber.objects.of_page(request.page.pk).filter(pk=request.GET.get("subscriber", ""))
    row = rows.filter(channel__in=channels()).first()
    if row is not None:
        return {"channel": row.channel, "address": row.address}
    return {"channel": Channel.EMAIL, "address": request.user.email}
