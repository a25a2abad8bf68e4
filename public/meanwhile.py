"""Taking a form while the database is away: as far as that goes by signatures, counters and the disk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.counters import NotCounting, TooOften, address_of
from common.errors import Refused
from public import guards, spool
from public.forms import plain, who_from, wish_from
from public.rendering import kept, not_now_to_machines, unavailable, unsure_whether_saved
from public.spool import Full, Request
from public.ways import Way, offered
from publishing.storage import store
from subscribers.actions import known
from subscribers.choices import Channel
from subscribers.wishes import check_plain

_FORM, _API = "/subscriptions/new-", "/api/"


def answer(request: HttpRequest, host: str, *, unsure: bool = False) -> HttpResponse:
    """Keep what was asked for, and say so honestly; where it cannot be kept, say that. `unsure`: it may have
    been done, which does no harm to what is kept."""
    way = offered().get(request.path.removeprefix(_FORM)) if request.path.startswith(_FORM) else None
    # A number is confirmed by a code while its owner waits for it: of no use hours later.
    takes = way is not None and way.channel != Channel.SMS and request.method == "POST"
    if way is not None and takes and _keep(request, host, way):
        return kept(host)
    if request.path.startswith(_API):
        return not_now_to_machines(unsure=unsure)
    return unsure_whether_saved() if unsure else unavailable(host, request.path)


def _keep(request: HttpRequest, host: str, way: Way) -> bool:
    hosts = store().hosts()
    entry = hosts.entries.get(host) if hosts else None
    if entry is None or not entry.published or not guards.is_from_here(request):
        return False
    answers = plain(request.POST)
    if answers.get("website"):
        return True
    try:
        guards.count_visitor(_ip(request), entry.page_id)
        if not guards.is_in_time(answers.get("ticket", ""), entry.page_id):
            return False
        who = known(who_from(answers, way))
        check_plain(wish_from(answers))
        guards.count_message(who)
        spool.seal(_request(request, host, way))
    except (Refused, TooOften, NotCounting, Full, OSError):
        return False
    return True


def _request(request: HttpRequest, host: str, way: Way) -> Request:
    answers = {name: values for name, values in plain(request.POST).lists() if name != "ticket"}
    agent = request.headers.get("User-Agent", "")[:300]
    return Request(host, way.channel.value, answers, _ip(request), agent, timezone.now())


def _ip(request: HttpRequest) -> str:
    return address_of(request.META.get("REMOTE_ADDR") or "")
