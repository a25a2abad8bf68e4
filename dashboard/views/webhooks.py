"""Webhooks of the team's own, as settings of a page: how they fare, what signs them, what they missed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.doing import counted, does, told
from dashboard.endpoints import endpoints, own_webhooks, webhooks
from dashboard.forms.webhook import WebhookForm
from dashboard.gates import PageRequest, page_screen
from dashboard.typed import typed
from notifications.actions import replay_all
from notifications.models import Delivery, DeliveryQuerySet
from notifications.signing import secret
from notifications.trials import send_test
from subscribers.actions import add_confirmed, erase, reactivate, rotate_secret
from subscribers.choices import Channel
from subscribers.models import Subscriber
from subscribers.secrets import former_signs_until
from tenants.models import Role

_ROWS = 25
_TEST = "incident.created"


@require_safe
@page_screen(Role.ADMIN)
def page_webhooks(request: PageRequest) -> HttpResponse:
    page, own = request.page, own_webhooks(request.page)
    shown = Paginator(own.order_by("label", "created_at", "pk"), _ROWS).get_page(request.GET.get("page"))
    values = {
        "rows": shown,
        "endpoints": endpoints(request.organisation.pk, page, list(shown)),
        "others": webhooks(page).count() - shown.paginator.count,
        "now": timezone.now(),
        "section": "webhooks",
    }
    return render(request, "dashboard/settings/webhooks.html", values)


@page_screen(Role.ADMIN)
def webhook_new(request: PageRequest) -> HttpResponse:
    page = request.page
    form = WebhookForm(page, typed(request), initial={"contact": request.user.email})
    made: list[Subscriber] = []
    if request.method == "POST" and form.is_valid():
        note = _("Added in the settings by the team.")
        adding = (page, form.who, request.actor, note, form.wish)
        if does(form, lambda: made.append(add_confirmed(*adding))):
            messages.success(request, _("It is told from now on. Send it a test to see that it listens."))
            return redirect("webhook", page.pk, made[0].pk)
    return render(request, "dashboard/settings/webhook_new.html", {"form": form, "section": "webhooks"})


@require_safe
@page_screen(Role.ADMIN)
def webhook(request: PageRequest, pk: str) -> HttpResponse:
    """One of them. Its secret is shown with `?secret=shown`, to whoever has just proven who they are."""
    found, now = _found(request, pk), timezone.now()
    sent, is_asked = _sent(request, pk), "secret" in request.GET
    values: dict[str, Any] = {
        "endpoint": endpoints(request.organisation.pk, request.page, [found])[0],
        "secret": secret(found.pk, int(found.settings.get("secret", 1))) if is_asked else "",
        "former_until": former_signs_until(found.settings, now),
        "deliveries": sent.select_related("notification").order_by("-pk")[:_ROWS],
        "missed": sent.ended().count(),
        "now": now,
        "section": "webhooks",
    }
    return render(request, "dashboard/settings/webhook.html", values)


@require_POST
@page_screen(Role.ADMIN)
def webhook_test(request: PageRequest, pk: str) -> HttpResponse:
    """Send it an incident that is marked as a test, signed like a real one."""
    found, made = _found(request, pk), []
    test = (request.page, Channel.WEBHOOK, found.address, _TEST, request.actor)
    done = _("The test is on its way; here is what becomes of it.")
    told(request, counted(lambda: made.append(send_test(*test))), done)
    if not made:
        return redirect("webhook", request.page.pk, pk)
    return redirect("delivery", request.page.pk, made[0].pk)


@require_POST
@page_screen(Role.ADMIN)
def webhook_secret(request: PageRequest, pk: str) -> HttpResponse:
    """A new secret, to whose owner it is shown at once; the former signs as well for a day."""
    found = _found(request, pk)
    done = _("There is a new secret. For a day both sign, so that nothing is refused meanwhile.")
    told(request, lambda: rotate_secret(request.page, found, request.actor), done)
    return redirect("webhook", request.page.pk, pk)


@require_POST
@page_screen(Role.ADMIN)
def webhook_again(request: PageRequest, pk: str) -> HttpResponse:
    """Take it up again where it was given up; with `missed`, send what it missed as well."""
    found = _found(request, pk)
    is_up = "up" not in request.POST or told(
        request, lambda: reactivate(request.page, found, request.actor), _("It is told again.")
    )
    if is_up and "missed" in request.POST:
        _send_missed(request, pk)
    return redirect("webhook", request.page.pk, pk)


@page_screen(Role.ADMIN)
def webhook_remove(request: PageRequest, pk: str) -> HttpResponse:
    """Asks first. It is erased, so that it can be added again."""
    found = _found(request, pk)
    if request.method != "POST":
        values = {"webhook": found, "section": "webhooks"}
        return render(request, "dashboard/settings/webhook_remove.html", values)
    done = _("Nothing is sent there any more.")
    told(request, lambda: erase(request.page, found, request.actor), done)
    return redirect("page_webhooks", request.page.pk)


def _found(request: PageRequest, pk: str) -> Subscriber:
    return get_object_or_404(webhooks(request.page), pk=pk)


def _sent(request: PageRequest, pk: str) -> DeliveryQuerySet:
    """What was sent to it, without mail about it."""
    rows: DeliveryQuerySet = Delivery.objects.of(request.organisation.pk).to(pk)
    return rows.filter(channel=Channel.WEBHOOK)


def _send_missed(request: PageRequest, pk: str) -> None:
    again = replay_all(_sent(request, pk).ended().order_by("pk").values_list("pk", flat=True))
    text = ngettext("%d message is sent again.", "%d messages are sent again.", again) % again
    (messages.success if again else messages.warning)(request, text)
