"""Doing what is due: a plain function, called by workers, the ticker, the web process and tests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import structlog
from django.utils import timezone

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

    Rows are claimed one at a time, so that none waits under lease, and those of a topic that takes many
    together.
    """
    until = time.monotonic() + seconds
    handled = 0
    while time.monotonic() < until:
        lease = max(topic(name).lease for name in topics) if topics else timedelta()
        token, items = queue.claim(topics, 1, lease, only)
        if not items:
            break
        if (most := topic(items[0].topic).most) > 1:
            items += queue.claim([items[0].topic], most - 1, lease, token=token)[1]
        _handle(items, token)
        handled += len(items)
    return handled


def _handle(items: Sequence[Claimed], token: uuid.UUID) -> None:
    """All of one topic."""
    for item in items:
        if item.attempts > queue.ATTEMPTS:
            queue.fail(item, token, "The process that handled this died every time.")
    live = [item for item in items if item.attempts <= queue.ATTEMPTS]
    if live:
        with structlog.contextvars.bound_contextvars(**_described(live)):
            _try(live, token)


def _try(items: Sequence[Claimed], token: uuid.UUID) -> None:
    settle: Callable[[Claimed], None]
    try:
        topic(items[0].topic).handle(items)
    except Later as later:
        settle = partial(queue.postpone, token=token, delay=later.delay)
    except Exception as error:
        log.exception("outbox.failed")
        # The first line alone: PostgreSQL's further ones quote rows, and so people's addresses.
        text = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        settle = partial(queue.fail, token=token, error=text)
    else:
        settle = partial(queue.acknowledge, token=token)
    for item in items:
        settle(item)


def _described(items: Sequence[Claimed]) -> dict[str, str]:
    """What the log says of them."""
    keys = ", ".join(item.key for item in items)
    return {"tenant": items[0].tenant_id, "topic": items[0].topic, "key": keys}
