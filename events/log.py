"""Appending to the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from events.actor import Actor
from events.models import Event, EventOrigin

_TAKE = """
    INSERT INTO events_eventclock AS clock (node, hlc, seq) VALUES (%(node)s, %(now)s + %(n)s, %(n)s)
    ON CONFLICT (node) DO UPDATE
       SET hlc = greatest(clock.hlc, %(now)s) + %(n)s, seq = clock.seq + %(n)s
    RETURNING hlc, seq
"""
_TOGETHER = 1000


@dataclass(frozen=True, slots=True)
class Fact:
    """What an event will say: `state` is the object's whole new state, JSON-ready."""

    name: str
    object_type: str
    object_id: str
    state: dict[str, Any]
    notify: bool = False


def append(
    facts: Sequence[Fact],
    *,
    actor: Actor,
    at: datetime,
    page_id: str | None = None,
    version: int | None = None,
    indicator: str = "",
) -> list[Event]:
    """Append one event a fact, in order, in the caller's transaction.

    The node's clock row stays locked until commit, so sequences are gap-free: append late.
    """
    hlc, seq = _take(len(facts), at)
    first = len(facts) - 1
    events = [
        Event(
            page_id=page_id,
            version=version,
            name=fact.name,
            object_type=fact.object_type,
            object_id=fact.object_id,
            facts=fact.state,
            indicator=indicator,
            notify=fact.notify,
            actor_kind=actor.kind,
            actor_id=actor.id,
            at=at,
            hlc=hlc - first + index,
            origin_node=settings.ORIGIN_NODE,
            origin_seq=seq - first + index,
        )
        for index, fact in enumerate(facts)
    ]
    Event.objects.bulk_create(events, batch_size=_TOGETHER)
    _note_origin(events, actor)
    return events


def _take(count: int, at: datetime) -> tuple[int, int]:
    """Raise the node's clock by `count`; the last reading and sequence taken."""
    now = int(at.timestamp() * 1000) << 16
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"node": settings.ORIGIN_NODE, "now": now, "n": count})
        hlc, seq = cursor.fetchone()
    return hlc, seq


def _note_origin(events: list[Event], actor: Actor) -> None:
    if actor.ip or actor.user_agent:
        origins = (
            EventOrigin(event_id=event.pk, ip=actor.ip or None, user_agent=actor.user_agent[:300])
            for event in events
        )
        EventOrigin.objects.bulk_create(origins, batch_size=_TOGETHER)
