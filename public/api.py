"""`/api/v2/subscribers…`: Statuspage's public calls, for widgets on other sites and for machines.

Nobody signs in here, so an answer says nothing about whether an address is known, and a subscription that is
confirmed is only ended by a link that was sent to its address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.counters import NotCounting, TooOften, address_of
from common.errors import Refused
from common.instants import in_zone
from common.limits import UNPRINTABLE
from events.actor import Actor, ActorKind
from pages.models import StatusPage
from public import guards
from public.api_wishes import wish_from
from public.visits import of_page
from subscribers import wishes
from subscribers.actions import Who, subscribe, unsubscribe
from subscribers.choices import Channel, ConsentSource, SubscriberState
from subscribers.models import Subscriber
from subscribers.phones import international

Given = dict[str, Any]
View = Callable[..., HttpResponse]

_LARGEST = 64 * 1024
_FIELD = re.compile(r"subscriber\[(\w+)\](?:\[\])?")
_LISTS = {"component_ids", "group_ids"}
# The member of a request that holds the address, by channel.
_ADDRESSES = {Channel.EMAIL: "email", Channel.WEBHOOK: "endpoint", Channel.SMS: "phone_number"}


def _answering(*methods: str) -> Callable[[View], View]:
    """Any site's scripts may ask; what is wrong is said in JSON."""

    def decorate(view: View) -> View:
        @of_page
        @wraps(view)
        def answered(request: HttpRequest, page: StatusPage, **parts: str) -> HttpResponse:
            response = _answer(view, request, page, methods, **parts)
            response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        return answered

    return decorate


def _answer(
    view: View, request: HttpRequest, page: StatusPage, methods: tuple[str, ...], **parts: str
) -> HttpResponse:
    allowed = ", ".join([*methods, "OPTIONS"])
    if request.method == "OPTIONS":
        headers = {"Access-Control-Allow-Methods": allowed, "Access-Control-Allow-Headers": "Content-Type"}
        return HttpResponse(status=204, headers=headers)
    if request.method not in methods:
        return _error(405, _("This cannot be done here."), Allow=allowed)
    try:
        return view(request, page, **parts)
    except Subscriber.DoesNotExist:
        return _error(404, _("This subscription does not exist any more."))
    except Refused as error:
        return _error(422, error.message, error.field)
    except TooOften as error:
        return _error(429, _("That was too often"), **{"Retry-After": str(error.seconds)})
    except NotCounting:
        return _error(503, _("Not at the moment"), **{"Retry-After": "60"})


@_answering("POST")
def subscribers(request: HttpRequest, page: StatusPage) -> HttpResponse:
    """Ask an address for confirmation."""
    given = _given(request)
    who = _who(given)
    _count(request, page, who)
    subscribe(page, who, _actor(request), wish_from(given), ConsentSource.API)
    return _shown(page, _row(page, who), given, status=201)


@_answering("DELETE")
def subscriber(request: HttpRequest, page: StatusPage, pk: str) -> HttpResponse:
    """End what has not been confirmed yet; to a confirmed address goes a message with a link to leave."""
    found = _found(page, pk)
    _count(request, page, _whose(found))
    if found.state == SubscriberState.UNCONFIRMED:
        unsubscribe(page, found, _actor(request))
    else:
        _ask_again(page, found, request)
    return _shown(page, found, {})


@_answering("POST")
def resend_confirmation(request: HttpRequest, page: StatusPage, pk: str) -> HttpResponse:
    found = _found(page, pk)
    _count(request, page, _whose(found))
    _ask_again(page, found, request)
    return _shown(page, found, {}, status=201)


def _ask_again(page: StatusPage, found: Subscriber, request: HttpRequest) -> None:
    subscribe(page, _whose(found), _actor(request), wishes.of(found), ConsentSource.API)


def _whose(found: Subscriber) -> Who:
    return Who(found.address, found.channel, found.language, found.time_zone, found.contact)


def _given(request: HttpRequest) -> Given:
    """What the request says of a subscriber, as JSON or as a form."""
    if request.content_type != "application/json":
        return {name: _plain(value) for name, value in _of_form(request).items()}
    if len(request.body) > _LARGEST:
        raise Refused(_("That is too much."))
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(_("This is not JSON.")) from error
    given = said.get("subscriber") if isinstance(said, dict) else None
    if not isinstance(given, dict):
        raise Refused(_('Say whom to tell: {"subscriber": {"email": …}}.'), "subscriber")
    return {str(name): _plain(value) for name, value in given.items()}


def _of_form(request: HttpRequest) -> Mapping[str, Any]:
    found: Given = {}
    for name, values in request.POST.lists():
        match = _FIELD.fullmatch(name)
        if match:
            found[match[1]] = values if match[1] in _LISTS else values[-1]
    return found


def _plain(value: Any) -> Any:
    """Text, lists of it, true and false; other kinds of values are no addresses and no ids."""
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [UNPRINTABLE.sub("\ufffd", one) if isinstance(one, str) else "" for one in value[:1_000]]
    return UNPRINTABLE.sub("\ufffd", value) if isinstance(value, str) else ""


def _who(given: Given) -> Who:
    for channel, name in _ADDRESSES.items():
        if given.get(name) and not (channel == Channel.EMAIL and given.get("endpoint")):
            if channel == Channel.SMS:
                number = international(_text(given, name), _text(given, "phone_country").upper())
                return Who(number, channel)
            contact = given.get("email", "") if channel == Channel.WEBHOOK else ""
            return Who(_text(given, name), channel, contact=contact if isinstance(contact, str) else "")
    raise Refused(_("This is not an e-mail address. One looks like name@example.org."), "email")


def _text(given: Given, name: str) -> str:
    value = given.get(name, "")
    return value if isinstance(value, str) else ""


def _row(page: StatusPage, who: Who) -> Subscriber:
    return Subscriber.objects.of_page(page.pk).at(who.channel, who.address).get()


def _found(page: StatusPage, pk: str) -> Subscriber:
    return Subscriber.objects.of_page(page.pk).get(pk=pk)


def _shown(page: StatusPage, found: Subscriber, given: Given, status: int = 200) -> HttpResponse:
    """The same for every state. Of the address, no more than what was said in the request."""
    shape = {
        "id": found.pk,
        "mode": found.channel,
        "email": _text(given, "email") or None,
        "endpoint": _text(given, "endpoint") or None,
        "created_at": in_zone(page.zone)(timezone.now()),
        "quarantined_at": None,
        "purge_at": None,
        "skip_confirmation_notification": False,
    }
    if found.channel == Channel.SMS:
        shape |= {name: _text(given, name) or None for name in ("phone_number", "phone_country")}
    return JsonResponse({"page": {"id": page.pk}, "subscriber": shape}, status=status)


def _error(status: int, message: str, field: str | None = None, **headers: str) -> HttpResponse:
    named = {"field": field} if field else {}
    return JsonResponse({"error": message} | named, status=status, headers=headers)


def _count(request: HttpRequest, page: StatusPage, who: Who) -> None:
    guards.count_visitor(address_of(request.META.get("REMOTE_ADDR") or ""), page.pk)
    guards.count_tenant()
    guards.count_message(who)


def _actor(request: HttpRequest) -> Actor:
    ip = address_of(request.META.get("REMOTE_ADDR") or "")
    return Actor(ActorKind.SUBSCRIBER, "", ip, request.headers.get("User-Agent", ""))
