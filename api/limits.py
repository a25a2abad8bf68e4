"""How often a key may ask: so many requests in any minute, counted for all processes, or at least in each."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Lock
from typing import Any

from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from common.counters import TooOften
from common.ids import new_id
from tenants.models import ApiKey

_WINDOW = 60.0
_MOST_KEYS = 10_000
# One more request of a key, or the milliseconds until there is room for it. By the server's own clock.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return tonumber(oldest[2]) + tonumber(ARGV[2]) - now
"""
_requests: OrderedDict[str, deque[float]] = OrderedDict()
_lock = Lock()


def count_request(key: ApiKey) -> None:
    """Count one more request of a key. Raises TooOften where it has made its share of the last minute."""
    most = key.per_minute or settings.API_REQUESTS_PER_MINUTE
    try:
        redis: Any = get_redis_connection("limits")
        wait = redis.eval(_TAKE, 1, f"api:{key.pk}", most, int(_WINDOW * 1000), new_id()) / 1000
    except (RedisError, OSError):
        wait = _wait_here(key.pk, most)
    if wait > 0:
        raise TooOften(int(wait) + 1)


def _wait_here(key_id: str, most: int) -> float:
    """The same in this process alone, while the counters are away."""
    now = time.monotonic()
    with _lock:
        made = _requests.setdefault(key_id, deque())
        _requests.move_to_end(key_id)
        if len(_requests) > _MOST_KEYS:
            _requests.popitem(last=False)
        while made and made[0] <= now - _WINDOW:
            made.popleft()
        if len(made) >= most:
            return made[0] + _WINDOW - now
        made.append(now)
    return 0.0
