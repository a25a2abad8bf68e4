"""Who is told. Addresses are people's: only admins of a page see them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.doing import does, told
from dashboard.forms.subscriber import NewSubscriberForm, WishesForm
from dashboard.gates import PageRequest, page_screen
from dashboard.paging import LongPaginator
from dashboard.typed import typed
from notifications.models import Delivery
from notifications.signing import secret
from subscribers import wishes
from subscribers.actions import (
    add_confirmed,
    ask_again,
    erase,
    quarantine,
    reactivate,
    rotate_secret,
    unsubscribe,
    update_preferences,
)
from subscribers.choices import Channel, SubscriberState
from subscribers.models import Subscriber, SubscriberQuerySet
from subscribers.rates import confirm_rate
from tenants.models import Role

_ROWS = 50
_SORTS = {"address", "-address", "created_at", "-created_at"}
# What can be done to one, by the word in the address.
_VERBS = {
    "unsubscribe": (unsubscribe, _("They are told nothing any more.")),
    "quarantine": (quarantine, _("Nothing is sent to them until they are taken out of quarantine.")),
    "reactivate": (reactivate, _("They are told again.")),
    "ask": (ask_again, _("They are asked once more to confirm.")),
    "secret": (rotate_secret, _("What they are sent is signed by a new secret.")),
}


def chosen(request: PageRequest) -> SubscriberQuerySet:
    """Those whom the address's query asks for: `q`, `channel`, `state`, in the order of `sort`."""
    rows: SubscriberQuerySet = Subscriber.objects.of_page(request.page.pk)
    rows = rows.matching(request.GET.get("q", "").strip()[:200])
    if (channel := request.GET.get("channel", "")) in Channel.values:
        rows = rows.filter(channel=channel)
    if (state := request.GET.get("state", "")) in SubscriberState.values:
        rows = rows.filter(state=state)
    sort = request.GET.get("sort", "")
    return rows.order_by(sort if sort in _SORTS else "-created_at", "pk")


@require_safe
@page_screen(Role.ADMIN)
def subscribers(request: PageRequest) -> HttpResponse:
    page = request.page
    tally = Subscriber.objects.of_page(page.pk).tallied()
    rate = confirm_rate(page, timezone.now())
    values = {
        "rows": LongPaginator(chosen(request), _ROWS).get_page(request.GET.get("page")),
        "words": request.GET.get("q", ""),
        "channel": request.GET.get("channel", ""),
        "state": request.GET.get("state", ""),
        "sorted": request.GET.get("sort", "-created_at"),
        "channels": _numbered(Channel, tally, 0),
        "states": _numbered(SubscriberState, tally, 1),
        "all": sum(tally.values()),
        "rate": rate if rate.is_low else None,
        "filtered": any(request.GET.get(name) for name in ("q", "channel", "state")),
    }
    return render(request, "dashboard/subscribers/list.html", values)


def _numbered(words: Any, tally: dict[tuple[str, str], int], place: int) -> list[tuple[str, str, int]]:
    """Each word that anybody has, how it is said, and how many have it."""
    numbers = {
        word.value: sum(number for key, number in tally.items() if key[place] == word) for word in words
    }
    return [(word.value, str(word.label), numbers[word.value]) for word in words if numbers[word.value]]


@page_screen(Role.ADMIN)
def subscriber_new(request: PageRequest) -> HttpResponse:
    """Add somebody whose consent the team has."""
    page = request.page
    form = NewSubscriberForm(page, typed(request), initial={"channel": Channel.EMAIL})
    if request.method == "POST" and form.is_valid():
        wish, note = form.wish(wishes.EVERYTHING), form.cleaned_data["consent_note"]
        if does(form, lambda: add_confirmed(page, form.who, request.actor, note, wish)):
            messages.success(request, _("They are told from now on. Nothing was sent to them."))
            return redirect("subscribers", page.pk)
    return render(request, "dashboard/subscribers/new.html", {"form": form})


@page_screen(Role.ADMIN)
def subscriber(request: PageRequest, pk: str) -> HttpResponse:
    """One of them: what they asked for, which can be changed, and what was sent to them."""
    page = request.page
    found = get_object_or_404(Subscriber.objects.of_page(page.pk), pk=pk)
    form = WishesForm(page, typed(request), instance=found)
    if request.method == "POST" and form.is_valid():
        wish = form.wish(wishes.of(found))
        if does(form, lambda: update_preferences(page, found, request.actor, wish)):
            messages.success(request, _("Saved."))
            return redirect("subscriber", page.pk, pk)
    sent = Delivery.objects.of(request.organisation.pk).to(pk).select_related("notification")
    shown = Subscriber.objects.get(pk=pk)
    is_signed, is_asked = shown.channel == Channel.WEBHOOK, "secret" in request.GET
    values = {
        "subscriber": shown,
        "form": form,
        "deliveries": sent.order_by("-pk")[:25],
        "is_signed": is_signed,
        # Asked for by the address, which the gate knows to be dangerous.
        "secret": secret(shown.pk, int(shown.settings.get("secret", 1))) if is_signed and is_asked else "",
    }
    return render(request, "dashboard/subscribers/one.html", values)


@require_POST
@page_screen(Role.ADMIN)
def subscriber_do(request: PageRequest, pk: str, verb: str) -> HttpResponse:
    found = get_object_or_404(Subscriber.objects.of_page(request.page.pk), pk=pk)
    does_it, done = _VERBS[verb]
    told(request, lambda: does_it(request.page, found, request.actor), done)
    return redirect("subscriber", request.page.pk, pk)


@page_screen(Role.ADMIN)
def subscriber_erase(request: PageRequest, pk: str) -> HttpResponse:
    """Asks first: what is erased does not come back."""
    found = get_object_or_404(Subscriber.objects.of_page(request.page.pk), pk=pk)
    if request.method != "POST":
        return render(request, "dashboard/subscribers/erase.html", {"subscriber": found})
    done = _("The address is erased wherever it was kept.")
    told(request, lambda: erase(request.page, found, request.actor), done)
    return redirect("subscribers", request.page.pk)
