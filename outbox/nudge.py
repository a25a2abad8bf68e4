"""Telling workers that something is due: a hint that may get lost."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache

import structlog
from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError
from kombu.pools import ProducerPool, producers
from redis.exceptions import RedisError

from outbox.registry import Lane

log = structlog.get_logger(__name__)

# After a failed hint the broker is left alone this long, so that callers do not each wait for its timeout.
_PAUSE = 1.0
# Seconds that a hint may take.
_PATIENCE = 0.5
_silent_until = 0.0


def nudge(lanes: Iterable[Lane]) -> bool:
    """Send one drain task a lane; False when the broker cannot be reached. Never raises."""
    global _silent_until  # noqa: PLW0603 one broker, one memory of it a process
    if not settings.BROKER_URL or time.monotonic() < _silent_until:
        return False
    try:
        for lane in lanes:
            _send(f"outbox.drain_{lane}", lane)
    except (KombuError, RedisError, OSError) as error:
        _silent_until = time.monotonic() + _PAUSE
        log.warning("outbox.nudge_failed", error=type(error).__name__)
        return False
    return True


def _send(task: str, lane: Lane) -> None:
    with _producers().acquire(block=True, timeout=_PATIENCE) as producer:
        # A hint older than this is of no use: the ticker has sent others since.
        current_app.send_task(task, queue=lane, expires=10, ignore_result=True, producer=producer)


@cache
def _producers() -> ProducerPool:
    """Connections for hints: they give up soon on a broker that hangs; those of workers wait for work."""
    options = {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
    found: ProducerPool = producers[current_app.connection_for_write(transport_options=options)]
    return found
