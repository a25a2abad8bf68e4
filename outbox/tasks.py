"""Celery's way to drain: one task a lane, without arguments."""

from __future__ import annotations

from threading import Event, Lock

from celery import shared_task

from outbox import heartbeat
from outbox.beside import drain_beside
from outbox.drain import drain_lanes
from outbox.registry import Lane

_running = {lane: Lock() for lane in Lane}
_called = {lane: Event() for lane in Lane}


# Other people's servers may hold these up, whoever they work for: each has threads of its own.
_BESIDE = {Lane.COPY, Lane.POLL}


def _drain_alone(lane: Lane) -> None:
    """Drain on one thread of this process, so that no lane takes the threads of the others.

    Whoever finds the lane being drained only leaves word, and the one who drains looks once more.
    """
    heartbeat.beat(heartbeat.WORKER)
    called = _called[lane]
    called.set()
    while called.is_set() and _running[lane].acquire(blocking=False):
        try:
            called.clear()
            drain_lanes(lane, called=called)
        finally:
            _running[lane].release()


def _task(lane: Lane) -> object:
    @shared_task(name=f"outbox.drain_{lane}")
    def drain() -> None:
        if lane in _BESIDE:
            heartbeat.beat(heartbeat.WORKER)
            drain_beside(lane)
        else:
            _drain_alone(lane)

    return drain


TASKS = [_task(lane) for lane in Lane]
