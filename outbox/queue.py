"""Putting, claiming and acknowledging rows: the SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from outbox.models import DueQuerySet, OutboxItem
from outbox.registry import Claimed

ATTEMPTS = 10
_LONGEST_BACKOFF, _LONGEST_WAIT = timedelta(minutes=5), timedelta(seconds=8)
_TOLERANCE = timedelta(seconds=2)
_FREE: dict[str, Any] = {"lease_token": None, "lease_until": None}
_PUT = """
    INSERT INTO public.outbox_outboxitem AS item
           (topic, tenant_id, key, seq, due_at, created_at, attempts, last_error)
    SELECT %(topic)s, %(tenant)s, key, 1, %(due)s, %(now)s, 0, '' FROM unnest(%(keys)s::text[]) AS key
    ON CONFLICT (topic, tenant_id, key) DO UPDATE
       SET seq = item.seq + 1, attempts = 0, dead_at = NULL,
           due_at = CASE WHEN item.lease_token IS NOT NULL AND item.lease_until > %(now)s THEN excluded.due_at
                         ELSE least(item.due_at, excluded.due_at) END
"""
_CLAIM = """
    UPDATE public.outbox_outboxitem AS item
       SET lease_token = %(token)s, lease_until = %(now)s + %(lease)s, attempts = item.attempts + 1
      FROM (SELECT id FROM public.outbox_outboxitem
             WHERE topic = ANY(%(topics)s) AND dead_at IS NULL AND due_at <= %(now)s
               AND (lease_until IS NULL OR lease_until < %(now)s)
               AND (%(key)s::text IS NULL OR (key = %(key)s AND tenant_id = %(tenant)s))
             ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) AS due
     WHERE item.id = due.id
 RETURNING item.id, item.topic, item.tenant_id, item.key, item.seq, item.attempts
"""


def put(topic: str, tenant_id: str, keys: Sequence[str], *, due_at: datetime | None = None) -> None:
    """Ask for work, in the caller's transaction: one row a key, joined with one that already waits.

    A waiting row keeps the earlier time; one that is being handled right now is due again at `due_at`.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {"topic": topic, "tenant": tenant_id, "keys": list(keys), "due": due_at or now, "now": now},
        )


def cancel(topic: str, tenant_id: str, key: str) -> bool:
    """Withdraw work that nobody has begun; False when it has begun or is done."""
    waiting = OutboxItem.objects.filter(topic=topic, tenant_id=tenant_id, key=key, lease_token=None)
    return bool(waiting.delete()[0])


def move(topic: str, tenant_id: str, key: str, due_at: datetime) -> bool:
    """Let work that nobody has begun be due then; False when it has begun or is done."""
    waiting = OutboxItem.objects.filter(topic=topic, tenant_id=tenant_id, key=key, lease_token=None)
    return bool(waiting.update(due_at=due_at))


def claim(
    topics: Sequence[str],
    limit: int,
    lease: timedelta,
    only: tuple[str, str] | None = None,
    token: uuid.UUID | None = None,
) -> tuple[uuid.UUID, list[Claimed]]:
    """Lease up to `limit` due rows under `token`, or a fresh one. `only` narrows to one (tenant id, key).

    The attempt is counted now, so a row that kills its worker ends as dead instead of for ever.
    """
    token = token or uuid.uuid4()
    tenant_id, key = only or (None, None)
    values: dict[str, Any] = {
        "topics": list(topics),
        "token": token,
        "now": timezone.now(),
        "lease": lease,
        "limit": limit,
        "tenant": tenant_id,
        "key": key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        return token, [Claimed(*row) for row in cursor.fetchall()]


def acknowledge(item: Claimed, token: uuid.UUID, rest: timedelta = timedelta()) -> None:
    """Done. A put made meanwhile raised `seq`: then the row stays, to be claimed after a `rest`, which no put
    makes shorter.

    A worker whose lease ran out holds a token that is no longer the row's and changes nothing.
    """
    deleted, _ = _held(item, token).filter(seq=item.seq).delete()
    if not deleted:
        _held(item, token).update(lease_token=None, lease_until=timezone.now() + rest)


def postpone(item: Claimed, token: uuid.UUID, delay: timedelta) -> None:
    """Too early: the attempt does not count."""
    _settle(item, token, due_at=timezone.now() + delay, attempts=F("attempts") - 1)


def wait_for_disk(item: Claimed, token: uuid.UUID, error: str) -> None:
    """Try again soon, for as long as it takes: nothing is wrong with the row."""
    attempts = min(item.attempts, ATTEMPTS - 1)
    due_at = timezone.now() + min(backoff(attempts), _LONGEST_WAIT)
    _settle(item, token, last_error=error[:2000], due_at=due_at, attempts=attempts)


def forget_what_will_be(now: datetime) -> int:
    """What was due before long, by a clock that was set back since, is due now; how many rows."""
    was_due = Q(created_at__gt=now + _TOLERANCE, due_at__lt=F("created_at") + _LONGEST_BACKOFF)
    was_to_be_repeated = Q(attempts__gt=0, due_at__gt=now + _LONGEST_BACKOFF + _TOLERANCE)
    rows = OutboxItem.objects.alive().filter(was_due | was_to_be_repeated)
    return rows.update(created_at=now, due_at=now)


def fail(item: Claimed, token: uuid.UUID, error: str) -> None:
    """Try again later, or, after `ATTEMPTS`, leave the row to a person."""
    now = timezone.now()
    _settle(
        item,
        token,
        last_error=error[:2000],
        due_at=now + backoff(item.attempts),
        dead_at=now if item.attempts >= ATTEMPTS else None,
    )


def _settle(item: Claimed, token: uuid.UUID, **values: Any) -> None:
    """Write the outcome of what was claimed. A put made meanwhile asked for something new: that stands."""
    if not _held(item, token).filter(seq=item.seq).update(**_FREE, **values):
        _held(item, token).update(**_FREE)


def _held(item: Claimed, token: uuid.UUID) -> DueQuerySet:
    return OutboxItem.objects.filter(id=item.id, lease_token=token)


def backoff(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s … at most 5 minutes."""
    return min(timedelta(seconds=2 ** max(attempts - 1, 0)), _LONGEST_BACKOFF)
