"""How often one address may be written to: chats take one message a second, and say so by refusing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.core.cache import BaseCache

from notifications.letters import Letter
from notifications.shared import shared
from subscribers.choices import Channel

# As Slack, Google Chat and Discord document it, and Teams allows.
INTERVALS: Mapping[str, timedelta] = {
    Channel.SLACK: timedelta(seconds=1),
    Channel.TEAMS: timedelta(seconds=1),
    Channel.DISCORD: timedelta(seconds=1),
    Channel.GOOGLE_CHAT: timedelta(seconds=1),
}


def turns(letters: Sequence[Letter], now: datetime) -> dict[int, datetime]:
    """When those letters may go that may not go now, by their ids: one after another to the same address."""
    paced = [one for one in letters if one.channel in INTERVALS]
    later: dict[int, datetime] = {}
    first: dict[str, datetime] = {}
    for letter in paced:
        interval, address = INTERVALS[letter.channel], _key(letter)
        if address in first:
            first[address] += interval
            later[letter.id] = first[address]
        elif (free := _taken(address, now, interval)) is None:
            first[address] = now
        else:
            first[address] = later[letter.id] = free
    return later


def rest(letter: Letter, until: datetime, now: datetime) -> None:
    """Nothing goes to its address before `until`: so the other side asked."""
    _set(_key(letter), until, until - now)


def _taken(address: str, now: datetime, interval: timedelta) -> datetime | None:
    """Take the turn; where it is not free, when it will be."""

    def take(memory: BaseCache) -> datetime | None:
        if memory.add(address, now + interval, interval.total_seconds()):
            return None
        # Gone in this very moment: that is soon.
        return memory.get(address) or now + interval

    return shared(take)


def _set(address: str, until: datetime, span: timedelta) -> None:
    shared(lambda memory: memory.set(address, until, span.total_seconds()))


def _key(letter: Letter) -> str:
    return f"pace:{letter.channel}:{letter.target_hash}"
