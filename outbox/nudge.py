"""Telling workers that something is due: a hint that may get lost."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog
from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from outbox.registry import Lane

log = structlog.get_logger(__name__)

# After a failed hint the broker is left alone this long, so that callers do not each wait for its timeout.
_PAUSE = 1.0
_silent_until = 0.0


def nudge(lanes: Iterable[Lane]) -> bool:
    """Send one drain task a lane; False when the broker cannot be reached. Never raises."""
    global _silent_until  # noqa: PLW0603 one broker, one memory of it a process
    if not settings.BROKER_URL or time.monotonic() < _silent_until:
        return False
    try:
        for lane in lanes:
            # A hint older than this is of no use: the ticker has sent others since.
            current_app.send_task(f"outbox.drain_{lane}", queue=lane, expires=10, ignore_result=True)
    except (KombuError, RedisError, OSError) as error:
        _silent_until = time.monotonic() + _PAUSE
        log.warning("outbox.nudge_failed", error=type(error).__name__)
        return False
    return True
