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


@shared_task(name="outbox.drain_publish")
def drain_publish() -> None:
    _drain_alone(Lane.PUBLISH)


@shared_task(name="outbox.drain_notify")
def drain_notify() -> None:
    _drain_alone(Lane.NOTIFY)


@shared_task(name="outbox.drain_archive")
def drain_archive() -> None:
    _drain_alone(Lane.ARCHIVE)


@shared_task(name="outbox.drain_purge")
def drain_purge() -> None:
    _drain_alone(Lane.PURGE)


@shared_task(name="outbox.drain_copy")
def drain_copy() -> None:
    heartbeat.beat(heartbeat.WORKER)
    drain_beside(Lane.COPY)


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
