"""What was told, how far it has come, and what is to be sent again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.forms.base import number
from dashboard.gates import PageRequest, page_screen
from dashboard.paging import LongPaginator
from dashboard.reading import with_progress
from notifications.actions import allow, replay, replay_all, suppress
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.holding import held
from notifications.models import ENDED, Delivery, DeliveryQuerySet, Notification, Suppression
from subscribers.choices import Channel
from tenants.models import Role

_ROWS = 25
_SINCE = {
    "hour": (gettext_lazy("the last hour"), timedelta(hours=1)),
    "day": (gettext_lazy("the last day"), timedelta(days=1)),
    "week": (gettext_lazy("the last week"), timedelta(days=7)),
}


@require_safe
@page_screen()
def notifications(request: PageRequest) -> HttpResponse:
    """The messages of the page, newest first, with how far each has come."""
    page, now = request.page, timezone.now()
    rows = Notification.objects.of(request.organisation.pk).filter(page_id=page.pk, version__isnull=False)
    shown = LongPaginator(rows.order_by("-pk"), _ROWS).get_page(request.GET.get("page"))
    is_admin = request.standing.may(Role.ADMIN, page.pk)
    values = {
        "rows": shown,
        "told": with_progress(shown.object_list),
        "held": held(page, now),
        "dead": _of_page(request).ended().count() if is_admin else 0,
        "is_admin": is_admin,
        "may_edit": request.standing.may(Role.EDITOR, page.pk),
        "now": now,
    }
    return render(request, "dashboard/notifications/list.html", values)


@require_safe
@page_screen()
def notification(request: PageRequest, number: int) -> HttpResponse:
    """One message: how far it has come; for admins, each recipient."""
    found = get_object_or_404(_told(request), pk=number)
    is_admin = request.standing.may(Role.ADMIN, request.page.pk)
    values = {"told": with_progress([found])[0], "is_admin": is_admin, "now": timezone.now()}
    if is_admin:
        values |= _listed(request, _of_page(request).filter(notification=found), DeliveryStatus)
    return render(request, "dashboard/notifications/one.html", values)


@require_safe
@page_screen()
def notification_progress(request: PageRequest, number: int) -> HttpResponse:
    """The part of the screen that asks again while there is more to come."""
    found = get_object_or_404(_told(request), pk=number)
    return render(request, "dashboard/notifications/progress.html", {"told": with_progress([found])[0]})


@require_safe
@page_screen(Role.ADMIN)
def deliveries(request: PageRequest) -> HttpResponse:
    """Dead letters: what was given up or refused."""
    values = _listed(request, _of_page(request).ended().select_related("notification"), ENDED)
    spans = [(name, label) for name, (label, _span) in _SINCE.items()]
    return render(request, "dashboard/notifications/deliveries.html", values | {"spans": spans})


@require_safe
@page_screen(Role.ADMIN)
def delivery(request: PageRequest, number: int) -> HttpResponse:
    found = get_object_or_404(_of_page(request).select_related("notification"), pk=number)
    ours = Suppression.objects.of(request.organisation.pk)
    values = {
        "delivery": found,
        "attempts": found.tries.order_by("pk"),
        "held_back": not _of_page(request).filter(pk=found.pk).unsuppressed().exists(),
        "may_allow": ours.filter(channel=found.channel, target_hash=found.target_hash).exists(),
    }
    return render(request, "dashboard/notifications/delivery.html", values)


@require_POST
@page_screen(Role.ADMIN)
def deliveries_replay(request: PageRequest) -> HttpResponse:
    """Send again: those that are ticked (`id`), all of a message, or all since `since`."""
    ended = _of_page(request).ended()
    if request.POST.get("since") in _SINCE:
        begun = timezone.now() - _SINCE[request.POST["since"]][1]
        ended = ended.filter(notification__event_at__gte=begun)
    elif told := number(request.POST.get("notification", "")):
        ended = ended.filter(notification=told)
    else:
        ended = ended.filter(pk__in=[found for one in request.POST.getlist("id") if (found := number(one))])
    _say_sent_again(request, replay_all(ended.order_by("pk").values_list("pk", flat=True)))
    return redirect("deliveries", request.page.pk)


@require_POST
@page_screen(Role.ADMIN)
def delivery_do(request: PageRequest, number: int, verb: str) -> HttpResponse:
    """Send it again, never write to its address again, or allow it once more."""
    found = get_object_or_404(_of_page(request), pk=number)
    if verb == "replay":
        _say_sent_again(request, replay([found.pk]))
    elif verb == "suppress" and found.target:
        suppress(found.channel, found.target_hash, SuppressionReason.MANUAL, request.actor)
        messages.success(request, _("Nobody writes to this address any more."))
    elif verb == "allow" and found.target:
        allow(found.channel, found.target_hash, request.actor)
        messages.success(request, _("This address may be written to again."))
    return redirect("delivery", request.page.pk, number)


def _told(request: PageRequest) -> Any:
    return Notification.objects.of(request.organisation.pk).filter(page_id=request.page.pk)


def _of_page(request: PageRequest) -> DeliveryQuerySet:
    rows: DeliveryQuerySet = Delivery.objects.of(request.organisation.pk).filter(page_id=request.page.pk)
    return rows


def _listed(request: PageRequest, rows: DeliveryQuerySet, states: Iterable[str]) -> dict[str, Any]:
    """Filtered by `state`, one of `states`, and `channel`, a `page` at a time."""
    offered = [(one.value, one.label) for one in map(DeliveryStatus, states)]
    state, channel = request.GET.get("state", ""), request.GET.get("channel", "")
    if state in dict(offered):
        rows = rows.filter(status=state)
    if channel in Channel.values:
        rows = rows.filter(channel=channel)
    return {
        "rows": LongPaginator(rows.order_by("-pk"), _ROWS).get_page(request.GET.get("page")),
        "state": state,
        "channel": channel,
        "states": offered,
        "channels": Channel.choices,
    }


def _say_sent_again(request: PageRequest, sent: int) -> None:
    text = ngettext("%d message is sent again.", "%d messages are sent again.", sent) % sent
    hint = _("Left out is who has left, is in quarantine or must not be written to.")
    (messages.success if sent else messages.warning)(request, f"{text} {hint}")
