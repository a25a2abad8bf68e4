"""Celery's way to drain: one task a lane, without arguments."""

from __future__ import annotations

from threading import BoundedSemaphore, Event

from celery import shared_task

from outbox import heartbeat
from outbox.beside import drain_beside
from outbox.drain import drain_lanes
from outbox.registry import Lane

# A page that is changed without end, or is large, has one; the others' pages are published beside it.
_PUBLISHERS = 2
_free = {lane: BoundedSemaphore(_PUBLISHERS if lane == Lane.PUBLISH else 1) for lane in Lane}
_called = {lane: Event() for lane in Lane}

# Other people's servers may hold these up, whoever they work for: each has threads of its own.
_BESIDE = {Lane.COPY, Lane.POLL}


def _drain_here(lane: Lane) -> None:
    """Drain on few threads of this process, so that no lane takes the threads of the others.

    Whoever finds the lane being drained by as many only leaves word, and those who drain look once more.
    """
    heartbeat.beat(heartbeat.WORKER)
    called = _called[lane]
    called.set()
    while called.is_set() and _free[lane].acquire(blocking=False):
        try:
            called.clear()
            drain_lanes(lane, called=called)
        finally:
            _free[lane].release()


def _task(lane: Lane) -> object:
    @shared_task(name=f"outbox.drain_{lane}")
    def drain() -> None:
        if lane in _BESIDE:
            heartbeat.beat(heartbeat.WORKER)
            drain_beside(lane)
        else:
            _drain_here(lane)

    return drain


TASKS = [_task(lane) for lane in Lane]
