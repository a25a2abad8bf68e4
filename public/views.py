"""Subscribing, confirming, managing and leaving. No sessions, no cookies; a GET never changes anything."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.counters import NotCounting, TooOften, address_of
from common.errors import Busy, Refused
from events.actor import Actor, ActorKind
from notifications.signing import secret
from pages.models import StatusPage
from public import guards, slack
from public.codes import code_path, number_in
from public.forms import choices, plain, who_from, wish_from, wish_of_link
from public.rendering import AGAIN, message, render, style
from public.visits import of_launched_page, of_page
from public.ways import WAYS, Way, offered
from subscribers import wishes
from subscribers.actions import Who, confirm, known, rotate_secret, subscribe, unsubscribe, update_preferences
from subscribers.choices import Channel
from subscribers.confirming import confirm_by_code
from subscribers.facts import open_now
from subscribers.links import BadLink, Purpose, read, token
from subscribers.models import Subscriber
from subscribers.secrets import former_signs_until
from subscribers.wishes import EVERYTHING, Wish

SENT = "/subscriptions/sent"
_FOREVER = "public, max-age=31536000, immutable"
_shown = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def forms_style(_request: HttpRequest, digest: str) -> HttpResponse:
    response = HttpResponse(style(), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = _FOREVER
    return response


@require_safe
@of_page
def new(request: HttpRequest, page: StatusPage) -> HttpResponse:
    way = offered(page.closed_ways).get(request.GET.get("by", ""), WAYS[Channel.EMAIL])
    wish, problem = wish_of_link(page, request.GET), _of_slack(request.GET.get("slack", ""))
    return _form(page, way, wish, problem=problem) if problem else _form(page, way, wish)


def _of_slack(word: str) -> str:
    """What went wrong on the way to Slack and back."""
    return {
        "denied": _("Slack has not been allowed to take messages from here. Nothing is changed."),
        "failed": _("Slack did not tell us the channel. Please try again, or paste its address."),
        "later": _("This did not work at the moment. Please try again in a few minutes."),
    }.get(word, "")


@require_POST
@of_page
def ask(request: HttpRequest, page: StatusPage, channel: str) -> HttpResponse:
    """Ask an address for confirmation. What is answered says nothing about whether it is known."""
    way = offered(page.closed_ways).get(channel)
    if way is None:
        return _no_such_way(page)
    answers = plain(request.POST)
    who, wish = who_from(answers, way), wish_from(answers)
    if not guards.is_from_here(request):
        return _foreign(page)
    try:
        guards.count_visitor(_ip(request), page.pk)
        if answers.get("website"):
            return HttpResponseRedirect(_sent(way, who))
        if not guards.is_in_time(answers.get("ticket", ""), page.pk):
            # What is wrong with it is said at once, not after another try.
            known(who)
            wishes.check(page, wish)
            problem = _("Please look over what you entered and send it once more.")
            return _form(page, way, wish, who=who, problem=problem)
        guards.count_tenant()
        guards.count_message(who)
        subscribe(page, who, _actor(request), wish)
    except Refused as error:
        return _form(page, way, wish, who=who, problem=error.message, field=error.field or "")
    except TooOften as error:
        return _too_often(page, error)
    except NotCounting:
        return _not_counting(page)
    return HttpResponseRedirect(_sent(way, who))


def _sent(way: Way, who: Who) -> str:
    if way.channel == Channel.SMS:
        return code_path(who.address)
    return SENT if way.channel == Channel.EMAIL else f"{SENT}?by={way.channel.value}"


@require_safe
@of_page
def sent(request: HttpRequest, page: StatusPage) -> HttpResponse:
    way = WAYS.get(request.GET.get("by", ""), WAYS[Channel.EMAIL])
    title = _("Nearly done") if way.has_owner else _("Look into your mailbox")
    return message(page, title, str(way.sent))


@_shown
@of_page
def confirmation(request: HttpRequest, page: StatusPage, made: str) -> HttpResponse:
    """The link of the first mail. Opening it shows a button, as mail scanners open links too."""
    subscriber = _subscriber(page, made, Purpose.CONFIRM)
    if subscriber is None:
        return _bad_link(page)
    if request.method == "POST":
        try:
            subscriber = confirm(page, subscriber, _actor(request, subscriber))
        except Busy as error:
            return message(page, _("Not at the moment"), error.message, status=503)
        except Refused as error:
            return message(page, _("This did not work"), error.message, status=404)
    if not subscriber.is_active:
        return render(page, "confirm.html", _("Confirm your subscription"), made=made)
    return _confirmed(page, subscriber)


@_shown
@of_page
def code(request: HttpRequest, page: StatusPage) -> HttpResponse:
    """Where the code of an SMS is typed. What is answered says nothing about whether the number is known."""
    if request.method != "POST":
        return _asking_code(page, number_in(request.GET.get("for", "")))
    if not guards.is_from_here(request):
        return _foreign(page)
    answers = plain(request.POST)
    number = answers.get("number", "")
    try:
        guards.count_visitor(_ip(request), page.pk)
        subscriber = confirm_by_code(page, number, answers.get("code", ""), _actor(request))
    except Busy as error:
        return message(page, _("Not at the moment"), error.message, status=503)
    except Refused as error:
        return _asking_code(page, number, problem=error.message, field=error.field or "")
    except TooOften as error:
        return _too_often(page, error)
    except NotCounting:
        return _not_counting(page)
    return _confirmed(page, subscriber)


def _asking_code(page: StatusPage, number: str, **values: Any) -> HttpResponse:
    status = 422 if "problem" in values else 200
    return render(page, "code.html", _("Confirm your number"), status, number=number, **values)


def _confirmed(page: StatusPage, subscriber: Subscriber) -> HttpResponse:
    return render(
        page,
        "confirmed.html",
        _("You are subscribed"),
        open_now=[_with_times(one) for one in open_now(page, subscriber)],
        manage=_token(subscriber, Purpose.MANAGE),
    )


def _with_times(notice: dict[str, Any]) -> dict[str, Any]:
    """Facts hold times as text; a page shows them in its zone."""
    times = {name: datetime.fromisoformat(notice[name]) for name in ("begins", "ends") if notice[name]}
    return notice | times


@_shown
@of_page
def manage(request: HttpRequest, page: StatusPage, made: str) -> HttpResponse:
    subscriber = _subscriber(page, made, Purpose.MANAGE)
    if subscriber is None:
        return _bad_link(page)
    if request.method != "POST":
        return _managing(page, subscriber, wishes.of(subscriber))
    wish = wish_from(plain(request.POST), wishes.of(subscriber))
    try:
        update_preferences(page, subscriber, _actor(request, subscriber), wish)
    except Refused as error:
        return _managing(page, subscriber, wish, problem=error.message, field=error.field or "")
    return _managing(page, subscriber, wish, saved=True)


@require_POST
@of_page
def signing_secret(request: HttpRequest, page: StatusPage, made: str) -> HttpResponse:
    """What a webhook's messages are signed with, for whoever has its owner's link."""
    subscriber = _subscriber(page, made, Purpose.MANAGE)
    if subscriber is None or subscriber.channel != Channel.WEBHOOK:
        return _bad_link(page)
    if "replace" in request.POST:
        # Asked for twice, the answer is the same: until when the former one signs.
        with suppress(Refused):
            subscriber = rotate_secret(page, subscriber, _actor(request, subscriber))
    return render(
        page,
        "secret.html",
        _("Signing secret"),
        secret=secret(subscriber.pk, int(subscriber.settings.get("secret", 1))),
        until=former_signs_until(subscriber.settings, timezone.now()),
        manage=made,
    )


@_shown
@of_launched_page
def leaving(request: HttpRequest, page: StatusPage, made: str) -> HttpResponse:
    """The link of every mail, and its one-click header (RFC 8058): opening it shows a button, POST leaves.

    Whoever has left already, or been erased, is told the same.
    """
    try:
        link = read(made, Purpose.LEAVE, page.pk)
    except BadLink:
        return _bad_link(page)
    if request.method != "POST":
        return render(page, "leave.html", _("Unsubscribe"), made=made)
    subscriber = Subscriber.objects.of_page(page.pk).filter(pk=link.subscriber_id).first()
    if subscriber is not None:
        unsubscribe(page, subscriber, _actor(request, subscriber))
    return message(page, _("You are unsubscribed"), _("You will get no more messages about this page."))


def _form(page: StatusPage, way: Way, wish: Wish = EVERYTHING, **values: Any) -> HttpResponse:
    """Empty, or with what was entered and what is wrong with it."""
    status = 422 if "problem" in values else 200
    values["by_mail"] = way.channel == Channel.EMAIL
    values |= choices(page, wish) | {"ticket": guards.ticket(page.pk), "way": way}
    values["ways"] = offered(page.closed_ways).values()
    values["slack"] = slack.START if way.channel == Channel.SLACK and slack.is_offered() else ""
    return render(page, "subscribe.html", _("Subscribe to updates"), status, **values)


def _managing(page: StatusPage, subscriber: Subscriber, wish: Wish, **values: Any) -> HttpResponse:
    status = 422 if "problem" in values else 200
    values |= choices(page, wish) | {
        "manage": _token(subscriber, Purpose.MANAGE),
        "leave": _token(subscriber, Purpose.LEAVE),
        "active": subscriber.is_active,
        "by_mail": subscriber.channel == Channel.EMAIL,
        "signed": subscriber.channel == Channel.WEBHOOK,
    }
    return render(page, "manage.html", _("Your subscription"), status, **values)


def _subscriber(page: StatusPage, made: str, purpose: Purpose) -> Subscriber | None:
    """Whose link it is; None for one that is forged, too old, or was made before its owner left."""
    try:
        link = read(made, purpose, page.pk)
    except BadLink:
        return None
    found = Subscriber.objects.of_page(page.pk).filter(pk=link.subscriber_id, token_version=link.version)
    return found.first()


def _token(subscriber: Subscriber, purpose: Purpose) -> str:
    return token(purpose, subscriber.page_id, subscriber.pk, subscriber.token_version)


def _actor(request: HttpRequest, subscriber: Subscriber | None = None) -> Actor:
    agent = request.headers.get("User-Agent", "")
    return Actor(ActorKind.SUBSCRIBER, subscriber.pk if subscriber else "", _ip(request), agent)


def _ip(request: HttpRequest) -> str:
    """As the web server says; behind a proxy it is that server's task to know whom to believe."""
    return address_of(request.META.get("REMOTE_ADDR") or "")


def _bad_link(page: StatusPage) -> HttpResponse:
    said = _("It may be incomplete, too old, or of a subscription that has ended since.")
    return message(page, _("This link does not work"), said, status=404)


def _foreign(page: StatusPage) -> HttpResponse:
    said = _(
        "Your browser says that this form was not sent from this page. Please open it here and try again."
    )
    return message(page, _("This did not work"), said, status=403)


def _no_such_way(page: StatusPage) -> HttpResponse:
    said = _("This page does not tell anybody in that way.")
    return message(page, _("This did not work"), said, status=404)


def _too_often(page: StatusPage, error: TooOften) -> HttpResponse:
    minutes = max(1, round(error.seconds / 60))
    said = ngettext(
        "Please try again in %(minutes)d minute.", "Please try again in %(minutes)d minutes.", minutes
    ) % {"minutes": minutes}
    response = message(page, _("That was too often"), said, status=429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def _not_counting(page: StatusPage) -> HttpResponse:
    said = _(
        "A part of our service is down, and so we cannot take subscriptions right now. Nothing was saved. "
        "Please try again in a few minutes."
    )
    response = message(page, _("Not at the moment"), said, status=503)
    response.headers["Retry-After"] = str(AGAIN)
    return response
