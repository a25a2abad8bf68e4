"""How a page's messages fare: what waits and why, what has left, what was given up, who does the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from notifications import circuits
from notifications.gate import PROVIDERS
from notifications.hours import PUT_OFF
from notifications.sent import Sent, sent
from outbox import heartbeat
from subscribers.choices import Channel

# Of more than this only that it is more is known: looking must not cost by what an outage leaves behind.
MOST = 10_000
# What was given up longer ago than this needs nobody at night.
_LATELY = timedelta(days=3)
# The oldest first, so that ages are right where numbers are not.
_FARING = """
    WITH told AS MATERIALIZED (
        SELECT id FROM public.notifications_notification
         WHERE tenant_id = %(tenant)s AND page_id = %(page)s ORDER BY id DESC LIMIT 1000
    ), under_way AS MATERIALIZED (
        SELECT d.* FROM (SELECT id FROM told ORDER BY id) AS told CROSS JOIN LATERAL (
            SELECT channel, last_error,
                   CASE WHEN attempts - (status = 'leased')::int > attempts_before THEN 'retrying'
                        WHEN settings ? %(put_off)s AND next_attempt_at > %(now)s THEN 'put_off'
                        ELSE 'waiting' END AS state,
                   CASE WHEN attempts_before = 0 AND NOT settings ? %(put_off)s THEN created_at
                        ELSE least(next_attempt_at, %(now)s) END AS since
              FROM public.notifications_delivery
             WHERE notification_id = told.id AND status IN ('pending', 'leased')
             LIMIT %(most)s) AS d
         LIMIT %(most)s
    ), ended AS MATERIALIZED (
        SELECT channel, status, created_at FROM public.notifications_delivery
         WHERE tenant_id = %(tenant)s AND page_id = %(page)s AND status IN ('dead', 'failed', 'bounced')
         ORDER BY id DESC LIMIT %(most)s
    )
    SELECT channel, state, count(*), min(since),
           coalesce(mode() WITHIN GROUP (ORDER BY substring(last_error from '^[1-5][0-9][0-9]')), '')
      FROM under_way GROUP BY channel, state
    UNION ALL
    SELECT channel, 'given_up', count(*), NULL, ''
      FROM ended WHERE status <> 'bounced' AND created_at > %(lately)s GROUP BY channel
"""


@dataclass(frozen=True, slots=True)
class Faring:
    """Messages of one channel: `waiting` for their first attempt, the oldest `since` then; `retrying`;
    `put_off` until the recipient's time; `given_up` lately. `answer`: the status that most refusals had.

    `away`: how many of its providers, of `ways`, are left alone because they fail; `first_away`: the
    preferred one. `sent` is None while nobody knows.
    """

    channel: Channel
    waiting: int = 0
    retrying: int = 0
    put_off: int = 0
    given_up: int = 0
    since: datetime | None = None
    answer: str = ""
    ways: int = 0
    away: int = 0
    first_away: bool = False
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Delivering:
    """All channels, and when those who do the work were last seen."""

    channels: list[Faring] = field(default_factory=list)
    worker_at: datetime | None = None
    ticker_at: datetime | None = None


def delivering(tenant_id: str, page_id: str, now: datetime) -> Delivering:
    """By two queries and three looks into Redis, however much there is."""
    found = {channel: Faring(channel) for channel in Channel}
    values: dict[str, Any] = {"tenant": tenant_id, "page": page_id, "now": now, "lately": now - _LATELY}
    with connection.cursor() as cursor:
        cursor.execute(_FARING, values | {"most": MOST + 1, "put_off": PUT_OFF})
        for name, state, number, since, answer in cursor.fetchall():
            channel = Channel(name)
            found[channel] = _with(found[channel], state, number, since, answer)
    left = sent(page_id, Channel.values, now)
    ways = _with_ways(found.values())
    channels = ways if left is None else [replace(one, sent=left[one.channel]) for one in ways]
    seen = heartbeat.last_of([heartbeat.WORKER, heartbeat.TICKER])
    return Delivering(channels, seen.get(heartbeat.WORKER), seen.get(heartbeat.TICKER))


def _with(faring: Faring, state: str, number: int, since: datetime | None, answer: str) -> Faring:
    match state:
        case "waiting":
            return replace(faring, waiting=number, since=since)
        case "retrying":
            return replace(faring, retrying=number, answer=answer)
        case "put_off":
            return replace(faring, put_off=number)
        case _given_up:
            return replace(faring, given_up=number)


def _with_ways(channels: Iterable[Faring]) -> list[Faring]:
    ways = {channel: list(names()) for channel, names in PROVIDERS.items()}
    known = circuits.look({name for names in ways.values() for name in names})
    return [_through(one, ways.get(one.channel, []), known) for one in channels]


def _through(faring: Faring, names: list[str], known: dict[str, circuits.Open]) -> Faring:
    away = [name for name in names if name in known]
    first = bool(away) and away[0] == names[0]
    return replace(faring, ways=len(names), away=len(away), first_away=first)
