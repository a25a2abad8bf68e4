"""What all workers know together: in Redis, and each for itself while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.core.cache import BaseCache, caches
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

T = TypeVar("T")
# A Redis that did not answer is left alone this long, so that not every batch waits for its timeout.
_PAUSE = 5.0
_silent_until = 0.0


def shared(work: Callable[[BaseCache], T]) -> T:
    """`work` done on the memory of all workers; without Redis, on that of this process. Never raises for its
    sake: `work` may be begun twice."""
    global _silent_until  # noqa: PLW0603 one Redis, one memory of it a process
    if time.monotonic() >= _silent_until:
        try:
            return work(caches["limits"])
        except (ConnectionInterrupted, RedisError, OSError) as error:
            _silent_until = time.monotonic() + _PAUSE
            log.warning("notifications.each_for_itself", error=type(error).__name__)
    return work(caches["local"])
