"""Taking deliveries that are due, and writing down what became of them: the SQL. Public schema only."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from notifications.choices import DeliveryStatus
from notifications.letters import Letter, Outcome
from notifications.models import Delivery, Notification

LEASE = timedelta(seconds=120)
_TENANTS = 20
# Hops from tenant to tenant over the index, then takes the oldest due ones of some of them: what it costs
# depends on the tenants that have something waiting, never on how much one of them has. An array, not a join:
# of that the planner expects a tenth of the table, and reads all of it.
_CLAIM = """
    WITH RECURSIVE tenant AS (
        (SELECT tenant_id FROM public.notifications_delivery
          WHERE status = 'pending' AND lane = %(lane)s ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.tenant_id FROM public.notifications_delivery AS d
                 WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.tenant_id > tenant.tenant_id
                 ORDER BY d.tenant_id LIMIT 1)
          FROM tenant WHERE tenant.tenant_id IS NOT NULL
    ), pick AS MATERIALIZED (
        SELECT tenant_id FROM tenant
         WHERE EXISTS (SELECT FROM public.notifications_delivery AS d
                        WHERE d.status = 'pending' AND d.lane = %(lane)s
                          AND d.tenant_id = tenant.tenant_id AND d.next_attempt_at <= %(now)s)
         ORDER BY random() LIMIT %(tenants)s
    ), due AS MATERIALIZED (
        SELECT mine.id FROM pick CROSS JOIN LATERAL (
            SELECT d.id FROM public.notifications_delivery AS d
             WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.tenant_id = pick.tenant_id
               AND d.next_attempt_at <= %(now)s
             ORDER BY d.next_attempt_at, d.priority
             LIMIT greatest(5, %(limit)s / (SELECT greatest(count(*), 1) FROM pick))
               FOR UPDATE SKIP LOCKED) AS mine
    )
    UPDATE public.notifications_delivery AS d
       SET status = 'leased', lease_token = %(token)s, lease_until = %(now)s + %(lease)s,
           attempts = d.attempts + 1
     WHERE d.id = ANY (ARRAY(SELECT id FROM due))
 RETURNING extract(epoch FROM d.next_attempt_at)::float8, d.priority, d.id, d.notification_id,
           d.tenant_id, d.page_id, d.subscriber_id,
           d.channel, d.target, d.target_hash, d.language, d.time_zone, d.link_version, d.settings,
           d.attempts, d.attempts - d.attempts_before, d.summarises,
           EXISTS (SELECT FROM public.notifications_suppression AS s
                    WHERE s.channel = d.channel AND s.target_hash = d.target_hash
                      AND (s.tenant_id IS NULL OR s.tenant_id = d.tenant_id))
"""
# One text of JSON: making an array of each column takes this process longer than sending does.
_SETTLE = """
    WITH said AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(said)s::jsonb)
            AS o (id bigint, number int, status text, next_at timestamptz, began_at timestamptz,
                  provider text, message_id text, code int, error text, response text)
    ), noted AS (
        INSERT INTO public.notifications_attempt
               (delivery_id, tenant_id, number, provider, began_at, ended_at, status, code, error, response)
        SELECT d.id, d.tenant_id, said.number, said.provider, said.began_at, %(now)s, said.status,
               said.code, coalesce(said.error, ''), coalesce(said.response, '')
          FROM said JOIN public.notifications_delivery AS d ON d.id = said.id
        ON CONFLICT (delivery_id, number) DO UPDATE
           SET provider = excluded.provider, ended_at = excluded.ended_at, status = excluded.status,
               code = excluded.code, error = excluded.error, response = excluded.response
    )
    UPDATE public.notifications_delivery AS d
       SET status = said.status, lease_token = NULL, lease_until = NULL,
           next_attempt_at = coalesce(said.next_at, d.next_attempt_at),
           accepted_at = CASE WHEN said.status = 'accepted' THEN %(now)s END,
           provider = said.provider, provider_message_id = coalesce(said.message_id, ''),
           last_error = left(concat_ws(' ', said.code, said.error, said.response), 500)
      FROM said
     WHERE d.id = said.id AND d.status = 'leased' AND d.lease_token = %(token)s
 RETURNING d.id, EXISTS (SELECT FROM public.notifications_endpointhealth AS h
                          WHERE h.tenant_id = d.tenant_id AND h.subscriber_id = d.subscriber_id
                            AND h.consecutive_failures > 0)
"""
_POSTPONE = """
    UPDATE public.notifications_delivery AS d
       SET status = 'pending', lease_token = NULL, lease_until = NULL, attempts = d.attempts - 1,
           next_attempt_at = said.next_at
      FROM unnest(%(ids)s::bigint[], %(times)s::timestamptz[]) AS said (id, next_at)
     WHERE d.id = said.id AND d.status = 'leased' AND d.lease_token = %(token)s
"""
_SWEEP = """
    WITH expired AS (
        SELECT id FROM public.notifications_delivery
         WHERE status = 'leased' AND lease_until < %(now)s
         ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED
    ), back AS (
        UPDATE public.notifications_delivery AS d
           SET status = CASE WHEN d.attempts - d.attempts_before >= (%(most)s::jsonb ->> d.channel)::int
                             THEN 'dead' ELSE 'pending' END,
               lease_token = NULL, lease_until = NULL, next_attempt_at = %(now)s, last_error = %(error)s
          FROM expired WHERE d.id = expired.id
     RETURNING d.id, d.tenant_id, d.attempts, d.status
    ), noted AS (
        INSERT INTO public.notifications_attempt
               (delivery_id, tenant_id, number, provider, began_at, ended_at, status, error, response)
        SELECT id, tenant_id, attempts, '', %(now)s, %(now)s, status, %(expired)s, %(error)s FROM back
        ON CONFLICT (delivery_id, number) DO NOTHING
    )
    SELECT count(*) FROM back
"""
# The short name of that, in attempts.
EXPIRED = "LeaseExpired"
_DIED = "The process that was sending this ended before it could say what became of it."


@dataclass(slots=True)
class Settled:
    """An outcome and the status that it leads to; `next_at` where it is tried again."""

    outcome: Outcome
    status: DeliveryStatus
    next_at: datetime | None = None


def claim(lane: str, limit: int, now: datetime) -> tuple[uuid.UUID, list[Letter]]:
    """Lease about `limit` due deliveries of `lane`, fairly divided between tenants, under a fresh token.

    The attempt is counted now, so a message that kills its sender ends as dead instead of for ever.
    """
    token = uuid.uuid4()
    values: dict[str, Any] = {"lane": lane, "limit": limit, "now": now, "tenants": _TENANTS}
    values |= {"token": token, "lease": LEASE}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        rows = cursor.fetchall()
    return token, _letters(rows) if rows else []


def settle(token: uuid.UUID, settled: Sequence[Settled], now: datetime) -> dict[int, bool]:
    """Write attempts and statuses; the ids of the deliveries that the token still held, and whether their
    machine had failed the last time.

    A sender whose lease ran out has its attempt noted, and changes no status.
    """
    said = json.dumps([_said(one) for one in settled])
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"now": now, "token": token, "said": said})
        return dict(cursor.fetchall())


def release(token: uuid.UUID, letters: Sequence[Letter]) -> None:
    """Give back what was not tried: the attempt does not count."""
    Delivery.objects.filter(pk__in=[one.id for one in letters], lease_token=token).update(
        status=DeliveryStatus.PENDING, lease_token=None, lease_until=None, attempts=F("attempts") - 1
    )


def postpone(token: uuid.UUID, later: Mapping[int, datetime]) -> None:
    """Give back what may not go before those times, by ids: the attempts do not count."""
    values: dict[str, Any] = {"token": token, "ids": list(later), "times": list(later.values())}
    with connection.cursor() as cursor:
        cursor.execute(_POSTPONE, values)


def sweep(most: str, now: datetime) -> int:
    """Take back what dead senders held. `most`: JSON, channel -> attempts after which it is dead."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SWEEP, {"now": now, "most": most, "expired": EXPIRED, "error": _DIED})
        return int(cursor.fetchone()[0])


def _said(one: Settled) -> dict[str, Any]:
    """Without what there is none of: most was taken without a word."""
    outcome = one.outcome
    said: dict[str, Any] = {
        "id": outcome.letter.id,
        "number": outcome.letter.number,
        "status": one.status,
        "began_at": outcome.began_at.isoformat(),
        "provider": outcome.provider,
    }
    if one.next_at:
        said["next_at"] = one.next_at.isoformat()
    if outcome.provider_message_id:
        said["message_id"] = outcome.provider_message_id
    if outcome.code is not None:
        said["code"] = outcome.code
    if outcome.error:
        said["error"] = outcome.error[:80]
    if outcome.response:
        said["response"] = outcome.response.replace("\0", "")[:4096]
    return said


def _letters(rows: Sequence[tuple[Any, ...]]) -> list[Letter]:
    """Of what _CLAIM returns, in the order in which they became due."""
    summarised = {row[2]: json.loads(row[16]) for row in rows if row[16] != "[]"}
    told = Notification.objects.in_bulk({row[3] for row in rows}.union(*summarised.values()))
    return [_letter(row, told, summarised.get(row[2], ())) for row in sorted(rows)]


def _letter(row: tuple[Any, ...], told: Mapping[int, Notification], earlier: Iterable[int]) -> Letter:
    _due, _priority, own_id, told_id, tenant_id, page_id, subscriber_id = row[:7]
    channel, target, target_hash, language, time_zone, link_version = row[7:13]
    settings, number, attempt, _earlier, is_suppressed = row[13:]
    return Letter(
        own_id,
        told[told_id],
        tenant_id,
        page_id,
        subscriber_id,
        channel,
        target,
        target_hash,
        language,
        time_zone,
        link_version,
        json.loads(settings) if settings != "{}" else {},
        number,
        attempt,
        tuple(told[pk] for pk in earlier),
        is_suppressed,
    )
