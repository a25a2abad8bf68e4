"""Doing what is due: a plain function, called by workers, the ticker, the web process and tests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.utils import timezone

from common.tenancy import in_tenant
from outbox import queue
from outbox.models import OutboxItem
from outbox.registry import Claimed, Lane, Later, sources, topic, topics

log = structlog.get_logger(__name__)

# How long rows and sources of work wait for each other.
_TURN = 2.0
_SOON = timedelta(milliseconds=250)


def drain_lanes(*lanes: Lane, seconds: float = 10.0) -> int:
    """Do what is due in `lanes` (in all when none is given) until nothing is left or `seconds` have passed:
    rows, and what apps find by claims of their own, in turns. How much was done."""
    until = time.monotonic() + seconds
    handled = 0
    while (left := until - time.monotonic()) > 0:
        turn = min(left, _TURN)
        done = drain(topics(*lanes), seconds=turn) + sum(work(turn) for work in sources(*lanes))
        handled += done
        if not done and not _wait_for_next(lanes):
            break
    return handled


def _wait_for_next(lanes: Sequence[Lane]) -> bool:
    """Where a row is due in a moment, wait for it: sooner than anybody could be called again for it."""
    now = timezone.now()
    soon = OutboxItem.objects.due(now + _SOON).filter(topic__in=topics(*lanes))
    due_at = soon.order_by("due_at").values_list("due_at", flat=True).first()
    if due_at is None:
        return False
    time.sleep(max((due_at - now).total_seconds(), 0.001))
    return True


def drain(
    topics: Sequence[str],
    *,
    seconds: float = 10.0,
    only: tuple[str, str] | None = None,
) -> int:
    """Handle due rows of `topics` until none is left or `seconds` have passed; the number handled.

    Rows are claimed one at a time, so that none waits under lease, and handled in their tenant's schema.
    """
    until = time.monotonic() + seconds
    handled = 0
    while time.monotonic() < until:
        lease = max(topic(name).lease for name in topics) if topics else timedelta()
        token, items = queue.claim(topics, 1, lease, only)
        for item in items:
            _handle(item, token)
        handled += len(items)
        if not items:
            break
    return handled


def _handle(item: Claimed, token: uuid.UUID) -> None:
    if item.attempts > queue.ATTEMPTS:
        queue.fail(item, token, "The process that handled this died every time.")
        return
    with structlog.contextvars.bound_contextvars(tenant=item.tenant_id, topic=item.topic, key=item.key):
        try:
            with in_tenant(item.tenant_id):
                topic(item.topic).handle(item)
        except Later as later:
            queue.postpone(item, token, later.delay)
        except Exception as error:
            log.exception("outbox.failed")
            # The first line alone: PostgreSQL's further ones quote rows, and so people's addresses.
            queue.fail(item, token, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        else:
            queue.acknowledge(item, token)
