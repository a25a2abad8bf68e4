"""How many messages of a page have left lately, by channel: counted in Redis as they leave.

A hint for whoever looks, no record: deliveries are that. Counting those would cost by their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import BaseCache, caches

from notifications.choices import DeliveryStatus
from notifications.claims import Settled
from notifications.shared import shared

_SLOT, _HOUR, _DAY = 300, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Sent:
    """In about the last hour and the last day."""

    hour: int = 0
    day: int = 0


def note(settled: Sequence[Settled], now: datetime) -> None:
    """Count those that were accepted."""
    left = Counter(
        (one.outcome.letter.page_id, one.outcome.letter.channel)
        for one in settled
        if one.status == DeliveryStatus.ACCEPTED
    )
    for (page_id, channel), number in left.items():
        for seconds, kept in ((_SLOT, _HOUR), (_HOUR, _DAY)):
            _add(_key(page_id, channel, seconds, int(now.timestamp()) // seconds), number, kept + seconds)


def sent(page_id: str, channels: Collection[str], now: datetime) -> dict[str, Sent] | None:
    """By channel; None while nobody knows, because Redis is away."""
    hours = {channel: _keys(page_id, channel, _SLOT, _HOUR, now) for channel in channels}
    days = {channel: _keys(page_id, channel, _HOUR, _DAY, now) for channel in channels}
    wanted = [key for keys in (*hours.values(), *days.values()) for key in keys]
    found = shared(lambda memory: _of_all(memory, wanted))
    if found is None:
        return None
    numbers = Counter(found)
    return {
        channel: Sent(_sum(numbers, hours[channel]), _sum(numbers, days[channel])) for channel in channels
    }


def _add(key: str, number: int, seconds: int) -> None:
    def add(memory: BaseCache) -> None:
        try:
            memory.incr(key, number)
        except ValueError:
            # The first of its span.
            memory.add(key, 0, seconds)
            memory.incr(key, number)

    shared(add)


def _of_all(memory: BaseCache, keys: Collection[str]) -> dict[str, int] | None:
    """What all workers have counted; what this process alone has says nothing."""
    return memory.get_many(keys) if memory is caches["limits"] else None


def _sum(numbers: Counter[str], keys: Sequence[str]) -> int:
    return sum(numbers[key] for key in keys)


def _keys(page_id: str, channel: str, seconds: int, span: int, now: datetime) -> list[str]:
    slot = int(now.timestamp()) // seconds
    return [_key(page_id, channel, seconds, one) for one in range(slot - span // seconds, slot + 1)]


def _key(page_id: str, channel: str, seconds: int, slot: int) -> str:
    return f"sent:{page_id}:{channel}:{seconds}:{slot}"
