"""Lanes whose work waits for other people's servers: done on threads of their own, several at once, so that a
server that does not answer holds up neither the other lanes nor the next row of its own."""

from __future__ import annotations

from threading import BoundedSemaphore, Thread

import structlog
from django.db import Error, connection

from outbox.drain import drain_lanes
from outbox.registry import Lane

log = structlog.get_logger(__name__)

# Each holds a connection to the database while it works.
_THREADS = 4
_free = {lane: BoundedSemaphore(_THREADS) for lane in Lane}


def drain_beside(lane: Lane) -> None:
    """Let one more thread look for work, unless all of this process are at it. Does not wait for it.

    Whoever calls this as long as rows are due gets as many threads as it takes.
    """
    if _free[lane].acquire(blocking=False):
        Thread(target=_drain, args=(lane,), name=f"drain {lane}", daemon=True).start()


def _drain(lane: Lane) -> None:
    try:
        drain_lanes(lane)
    except (Error, OSError) as error:
        log.warning("outbox.beside_failed", error=type(error).__name__, lane=lane)
    finally:
        connection.close()
        _free[lane].release()
