"""How often something may be asked for. Closed where the counters cannot be reached."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django_redis import get_redis_connection
from redis.exceptions import RedisError


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in `seconds` for each `of` called `name`."""

    name: str
    of: str
    most: int
    seconds: int


class TooOften(Exception):
    """A limit is reached. `seconds` until it opens again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NotCounting(Exception):
    """The counters are away: nothing may be let through uncounted."""


def count(limits: Sequence[Limit]) -> None:
    """Count one more of each; raises TooOften where one of them is reached, NotCounting without counters."""
    now = int(time.time())
    try:
        pipeline = get_redis_connection("limits").pipeline(transaction=False)
        for limit in limits:
            pipeline.incr(_key(limit, now)).expire(_key(limit, now), limit.seconds)
        counts = pipeline.execute()[::2]
    except (RedisError, OSError) as error:
        raise NotCounting from error
    for limit, counted in zip(limits, counts, strict=True):
        if counted > limit.most:
            raise TooOften(limit.seconds - now % limit.seconds)


def address_of(said: str) -> str:
    """An IP address without its zone; empty for what is none, such as the name of a socket."""
    try:
        return str(ipaddress.ip_address(said.partition("%")[0]))
    except ValueError:
        return ""


def network(ip: str) -> str:
    """What one visitor has for sure: an IPv4 address, or the /64 of an IPv6 one. All without an address are
    counted as one visitor."""
    address = ipaddress.ip_address(ip) if ip else None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address or "")


def _key(limit: Limit, now: int) -> str:
    """A counter of its own in each span of time. Addresses are hashed: a dump of counters names nobody."""
    of = hashlib.sha256(limit.of.encode()).hexdigest()[:32]
    return f"limit:{limit.name}:{of}:{now // limit.seconds}"
