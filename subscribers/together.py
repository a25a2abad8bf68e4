"""The verbs on many subscribers at once: a list is seen to now, all of a page's in steps, by the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Busy, Refused
from events.actor import Actor, ActorKind
from events.log import Fact, append
from events.models import Event
from outbox.queue import put
from outbox.registry import Claimed, Later
from pages.change import NOTIFY, record
from pages.models import StatusPage
from subscribers.actions import FOLLOW_UP, RATE, RATE_AFTER, REMIND_AFTER
from subscribers.choices import Channel, SubscriberState
from subscribers.facts import page_facts, stated
from subscribers.links import CONFIRM_WITHIN
from subscribers.models import Subscriber, SubscriberQuerySet
from subscribers.noting import WITHDRAW, Noted, hold, noted_on

# The key is the id of the event that says what was asked for.
TOGETHER = "subscribers_together"
MOST = 1_000
_STEP = 1_000
_WHILE_BUSY = timedelta(seconds=5)
_PRESENT = frozenset({SubscriberState.UNCONFIRMED, SubscriberState.ACTIVE, SubscriberState.QUARANTINED})

Rows = Sequence[Subscriber]


class Verb(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    REACTIVATE = "reactivate"
    ASK_AGAIN = "ask_again"


@dataclass(frozen=True, slots=True)
class Which:
    """Whom it is about. `ids` None: all; no `channels` or `states`: whichever."""

    ids: Sequence[str] | None = None
    channels: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()


def do_together(page: StatusPage, verb: Verb, which: Which, actor: Actor) -> None:
    """Unsubscribe, take out of quarantine, or ask for confirmation again (by e-mail alone).

    Those that the verb does not fit are left as they are. Of all of a page, those are meant who are there
    now, and it is done in a while. Raises Refused for a list that is too long.
    """
    if which.ids is None:
        _ask(page, verb, which, actor)
        return
    if len(which.ids) > MOST:
        message = _("These are too many: %(most)d at a time.") % {"most": MOST}
        raise Refused(message, "subscribers")
    _step(page, verb, which, actor, timezone.now())


def go_on(item: Claimed) -> None:
    """The outbox: do the next step of what was asked for."""
    event = Event.objects.filter(pk=item.key).first()
    page = StatusPage.objects.present().filter(pk=event.page_id).first() if event else None
    if event is None or page is None or event.facts is None:
        return
    which = Which(None, frozenset(event.facts["channels"]), frozenset(event.facts["states"]))
    actor = Actor(ActorKind(event.actor_kind), event.actor_id)
    try:
        done = _step(page, Verb(event.facts["verb"]), which, actor, event.at)
    except Busy as busy:
        raise Later(_WHILE_BUSY) from busy
    if done == _STEP:
        raise Later(timedelta())


def _ask(page: StatusPage, verb: Verb, which: Which, actor: Actor) -> None:
    said = {"verb": verb.value, "channels": sorted(which.channels), "states": sorted(which.states)}
    with noted_on(page, actor) as noted:
        event = record(actor, f"subscribers.{verb}", "page", page.pk, said, page_id=page.pk)
        put(TOGETHER, noted.tenant_id, [str(event.pk)])


def _step(page: StatusPage, verb: Verb, which: Which, actor: Actor, asked: datetime) -> int:
    """One transaction on up to a thousand, with a fixed number of statements; how many there were."""
    fits, change = _VERBS[verb]
    with noted_on(page, actor) as noted:
        rows = _locked(_meant(page, which).filter(fits(which, asked)))
        if rows:
            change(noted, rows, timezone.now())
    return len(rows)


def _meant(page: StatusPage, which: Which) -> SubscriberQuerySet:
    rows = Subscriber.objects.of_page(page.pk)
    if which.ids is not None:
        rows = rows.filter(pk__in=which.ids)
    return rows.filter(channel__in=which.channels) if which.channels else rows


def _locked(rows: SubscriberQuerySet) -> Rows:
    found = rows.order_by("pk").select_for_update(of=["self"])[:_STEP]
    return list(found.prefetch_related("components", "groups"))


# Whom each verb fits: who was so before it was asked for ---------------------------------------------


def _may_leave(which: Which, asked: datetime) -> Q:
    before = Q(asked_at__lte=asked) & (Q(confirmed_at=None) | Q(confirmed_at__lte=asked))
    return Q(state__in=which.states & _PRESENT if which.states else _PRESENT) & before


def _may_come_back(_which: Which, asked: datetime) -> Q:
    return Q(state=SubscriberState.QUARANTINED, quarantined_at__lte=asked)


def _may_be_asked(_which: Which, asked: datetime) -> Q:
    return Q(state=SubscriberState.UNCONFIRMED, channel=Channel.EMAIL, asked_at__lt=asked)


# What each does ------------------------------------------------------------------------------------


def _leave(noted: Noted, rows: Rows, now: datetime) -> None:
    values = {"state": SubscriberState.UNSUBSCRIBED, "unsubscribed_at": now, "purge_at": None}
    _set(rows, now, values, token_version=F("token_version") + 1)
    _events(noted, rows, "subscriber.left", now)
    put(WITHDRAW, noted.tenant_id, [row.pk for row in rows])


def _come_back(noted: Noted, rows: Rows, now: datetime) -> None:
    nothing = {"purge_at": None, "quarantined_at": None, "quarantine_reason": ""}
    values = {"state": SubscriberState.ACTIVE, "confirmed_at": now, "since_version": hold(noted.page)}
    _set(rows, now, values | nothing)
    _events(noted, rows, "subscriber.reactivated", now)


def _be_asked(noted: Noted, rows: Rows, now: datetime) -> None:
    _set(rows, now, {"asked_at": now, "purge_at": now + CONFIRM_WITHIN, "reminded_at": None})
    events = _events(noted, rows, "subscriber.asked", now)
    put(NOTIFY, noted.tenant_id, [str(one.pk) for one in events])
    put(FOLLOW_UP, noted.tenant_id, [row.pk for row in rows], due_at=now + REMIND_AFTER)
    put(RATE, noted.tenant_id, [noted.page.pk], due_at=now + RATE_AFTER)


_VERBS: dict[Verb, tuple[Callable[[Which, datetime], Q], Callable[[Noted, Rows, datetime], None]]] = {
    Verb.UNSUBSCRIBE: (_may_leave, _leave),
    Verb.REACTIVATE: (_may_come_back, _come_back),
    Verb.ASK_AGAIN: (_may_be_asked, _be_asked),
}


def _set(rows: Rows, now: datetime, values: Mapping[str, Any], **computed: Any) -> None:
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
    ids = [row.pk for row in rows]
    Subscriber.objects.filter(pk__in=ids).update(**values, **computed, updated_at=now)


def _events(noted: Noted, rows: Rows, name: str, now: datetime) -> list[Event]:
    shown = page_facts(noted.page)
    facts = [
        Fact(
            name,
            "subscriber",
            row.pk,
            {
                "page": shown,
                "subscriber": stated(
                    row, [one.pk for one in row.components.all()], [one.pk for one in row.groups.all()]
                ),
            },
        )
        for row in rows
    ]
    return append(facts, actor=noted.actor, at=now, page_id=noted.page.pk)
