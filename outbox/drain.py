"""Doing what is due: a plain function, called by workers, the ticker, the web process and tests."""

from __future__ import annotations

import errno
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import Event

import structlog
from django.db.models import Min
from django.db.models.functions import Greatest
from django.utils import timezone

from outbox import queue
from outbox.models import OutboxItem
from outbox.registry import Claimed, Lane, Later, sources, topic, topics

log = structlog.get_logger(__name__)

# How long rows and sources of work wait for each other.
_TURN = 2.0
_OF_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
_SOON = timedelta(milliseconds=250)
# Work that took no longer than this needs no rest.
_BRIEF = timedelta(milliseconds=10)


def drain_lanes(*lanes: Lane, seconds: float = 10.0, called: Event | None = None) -> int:
    """Do what is due in `lanes` (in all when none is given) until nothing is left or `seconds` have passed:
    rows, and what apps find by claims of their own, in turns. How much was done.

    `called` is set by whoever knows of something new: then nobody goes on waiting for what is due later.
    """
    called = called or Event()
    until = time.monotonic() + seconds
    handled = 0
    while (left := until - time.monotonic()) > 0:
        turn = min(left, _TURN)
        done = drain(topics(*lanes), seconds=turn) + sum(work(turn) for work in sources(*lanes))
        handled += done
        if not done and not _wait_for_next(lanes, called):
            break
    return handled


def _wait_for_next(lanes: Sequence[Lane], called: Event) -> bool:
    """Where a row is due in a moment, wait for it: sooner than anybody could be called again for it."""
    now = timezone.now()
    soon = OutboxItem.objects.due(now + _SOON).filter(topic__in=topics(*lanes))
    # The database's greatest leaves out what is null.
    ready_at = soon.aggregate(at=Min(Greatest("due_at", "lease_until")))["at"]
    if ready_at is None:
        return False
    called.wait(max((ready_at - now).total_seconds(), 0.001))
    called.clear()
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
    began = time.monotonic()
    try:
        topic(items[0].topic).handle(items)
    except Later as later:
        settle = partial(queue.postpone, token=token, delay=later.delay)
    except Exception as error:
        log.exception("outbox.failed")
        # The first line alone: PostgreSQL's further ones quote rows, and so people's addresses.
        text = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        settle = partial(queue.wait_for_disk if _is_of_disk(error) else queue.fail, token=token, error=text)
    else:
        settle = partial(queue.acknowledge, token=token, rest=_rest(time.monotonic() - began))
    for item in items:
        settle(item)


def _rest(seconds: float) -> timedelta:
    """As long as the work took: what is asked for without end leaves its lane to others half of the time.

    No longer than anybody waits for a row that is due soon.
    """
    took = timedelta(seconds=seconds)
    return min(took, _SOON) if took > _BRIEF else timedelta()


def _is_of_disk(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in _OF_DISK


def _described(items: Sequence[Claimed]) -> dict[str, str]:
    """What the log says of them."""
    keys = ", ".join(item.key for item in items)
    return {"tenant": items[0].tenant_id, "topic": items[0].topic, "key": keys}
