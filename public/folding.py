"""What was asked for while the database was away, taken up as if it had been asked now."""

from __future__ import annotations

import time
from contextlib import suppress

import structlog
from django.http import QueryDict

from common.counters import NotCounting, TooOften
from common.errors import Busy, Refused
from common.tenancy import in_tenant
from events.actor import Actor, ActorKind
from pages.models import StatusPage
from public import guards, spool
from public.forms import who_from, wish_from
from public.spool import Request
from public.ways import offered
from subscribers.actions import Who, subscribe
from subscribers.models import Subscriber
from tenants.models import Domain

log = structlog.get_logger(__name__)


def fold(seconds: float) -> int:
    """Fold in for at most so many seconds; how many requests. A file goes when its request is committed: who
    dies in between folds it in again, which is noticed."""
    files = spool.sealed()
    if not files:
        return 0
    until, folded = time.monotonic() + seconds, 0
    with spool.alone() as mine, suppress(TooOften, NotCounting, Busy):
        for file in files if mine else []:
            if time.monotonic() > until:
                break
            request = spool.opened(file) if file.exists() else None
            if request is not None:
                _take(request)
                spool.done(file)
                folded += 1
    # What may not be counted, or finds its page busy, waits for the next turn.
    return folded


def _take(request: Request) -> None:
    domain = Domain.objects.filter(host=request.host, tenant__deleted_at=None).first()
    if domain is None:
        return
    with in_tenant(domain.tenant_id):
        page = StatusPage.objects.open_to_all().filter(pk=domain.page_id).first()
        if page is not None:
            _subscribe(page, request)


def _subscribe(page: StatusPage, request: Request) -> None:
    way, answers = offered().get(request.channel), answers_of(request)
    if way is None:
        return
    who = who_from(answers, way)
    actor = Actor(ActorKind.SUBSCRIBER, "", request.ip, request.agent)
    try:
        if not _was_taken(page, who, request):
            guards.count_tenant()
            subscribe(page, who, actor, wish_from(answers))
    except Busy:
        raise
    except Refused as refusal:
        # Such as a component that has gone since: the form would not have taken it either.
        log.warning("spool.refused", page=page.pk, field=refusal.field, reason=refusal.message)


def _was_taken(page: StatusPage, who: Who, request: Request) -> bool:
    rows = Subscriber.objects.of_page(page.pk).at(who.channel, who.address)
    return rows.filter(asked_at__gte=request.at).exists()


def answers_of(request: Request) -> QueryDict:
    answers = QueryDict(mutable=True)
    for name, values in request.answers.items():
        answers.setlist(name, values)
    return answers
