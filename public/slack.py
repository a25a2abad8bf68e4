"""“Add to Slack”: whoever lets our app into a channel has proved that it is theirs, and is told there."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from common.counters import Limit, NotCounting, TooOften, address_of, count
from common.errors import Refused
from common.tenancy import current_tenant_id, in_tenant
from events.actor import Actor, ActorKind
from notifications.posting import post_all
from notifications.posts import Post
from pages.links import origin, page_url
from pages.models import StatusPage
from public import guards
from public.visits import of_page
from subscribers.actions import Who, join
from subscribers.choices import Channel
from subscribers.links import manage_url
from tenants.models import Tenant

BACK = "/hooks/slack/authorized"
START = "/subscriptions/slack"
# Whoever takes longer begins anew.
_WITHIN = timedelta(minutes=10)
_PATIENCE = 15.0
_LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class _Way:
    """Of which page somebody came; `nonce` makes each state worth one use."""

    tenant_id: str
    page_id: str
    nonce: str


def is_offered() -> bool:
    return bool(settings.SLACK_CLIENT_ID and settings.SLACK_CLIENT_SECRET)


@require_safe
@of_page
def start(request: HttpRequest, page: StatusPage) -> HttpResponse:
    """To Slack, which asks for a channel. Nothing is changed by it."""
    if not is_offered():
        return HttpResponseRedirect(_form("denied"))
    try:
        guards.count_visitor(address_of(request.META.get("REMOTE_ADDR") or ""), page.pk)
    except (TooOften, NotCounting):
        return HttpResponseRedirect(_form("later"))
    asked = {
        "client_id": settings.SLACK_CLIENT_ID,
        "scope": "incoming-webhook",
        "redirect_uri": _back(),
        "state": _signer().sign(f"{current_tenant_id()}.{page.pk}.{secrets.token_urlsafe(12)}"),
    }
    return HttpResponseRedirect(f"{settings.SLACK_URL}/oauth/v2/authorize?{urlencode(asked)}")


@require_safe
def authorized(request: HttpRequest) -> HttpResponse:
    """Where Slack sends people back to: on an app host, as one address serves all pages."""
    way = _read(request.GET.get("state", ""))
    if way is None or not Tenant.objects.present().filter(pk=way.tenant_id).exists():
        said = "This came too late, or not from our form. Please begin at the status page again."
        return HttpResponse(said, status=400, content_type="text/plain; charset=utf-8")
    with in_tenant(way.tenant_id):
        page = StatusPage.objects.open_to_all().filter(pk=way.page_id).first()
        if page is None:
            return HttpResponse("This page is gone.", status=404, content_type="text/plain; charset=utf-8")
        return HttpResponseRedirect(_subscribed(request, page, way))


def _subscribed(request: HttpRequest, page: StatusPage, way: _Way) -> str:
    """Where to go on: to the new subscription, or to the form and what went wrong."""
    origin_of_page = page_url(page)
    if "code" not in request.GET:
        return origin_of_page + _form("denied")
    try:
        count([Limit("slack", way.nonce, 1, int(_WITHIN.total_seconds()))])
        actor = Actor(ActorKind.SUBSCRIBER, "", address_of(request.META.get("REMOTE_ADDR") or ""))
        subscriber = join(page, _who(request.GET["code"]), actor)
    except (TooOften, NotCounting):
        return origin_of_page + _form("later")
    except Refused:
        return origin_of_page + _form("failed")
    return manage_url(origin_of_page, page.pk, subscriber.pk, subscriber.token_version)


def _who(code: str) -> Who:
    """What Slack tells of the channel in exchange for the code. Raises Refused."""
    hook = _exchanged(code).get("incoming_webhook")
    hook = hook if isinstance(hook, dict) else {}
    return Who(str(hook.get("url", "")), Channel.SLACK, label=str(hook.get("channel", ""))[:120])


def _exchanged(code: str) -> dict[str, Any]:
    form = {
        "client_id": settings.SLACK_CLIENT_ID,
        "client_secret": settings.SLACK_CLIENT_SECRET,
        "code": code,
        "redirect_uri": _back(),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url, body = f"{settings.SLACK_URL}/api/oauth.v2.access", urlencode(form).encode()
    asked = Post(0, url, body, headers, reads=_LONGEST, tells=False)
    (reply,) = post_all([asked], time.monotonic() + _PATIENCE)
    try:
        said = json.loads(reply.text)
    except ValueError:
        said = {}
    if not isinstance(said, dict) or said.get("ok") is not True:
        raise Refused(reply.error or "Slack refused the code.")
    return said


def _form(problem: str) -> str:
    return f"/subscriptions/new?by={Channel.SLACK.value}&slack={problem}"


def _back() -> str:
    return f"{origin(settings.APP_HOSTS[0])}{BACK}"


def _read(state: str) -> _Way | None:
    try:
        return _Way(*_signer().unsign(state, max_age=_WITHIN).split("."))
    except BadSignature:
        return None


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="public.slack")
