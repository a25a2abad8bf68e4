"""`GET /events`: Server-Sent Events of one page, for as many browsers as there is room.

A stream holds the version that its client has been told, and nothing that waits: a slow client cannot make it
grow. What there is to say is read from the channel when the client can take it.
"""

import asyncio
import ipaddress
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass

from edge import answers
from edge.answers import Answer, Headers
from edge.channels import Channel, Channels
from edge.request import Receive, Scope, Send
from edge.stream import Chunk, Stream, chunk
from edge.stream_asgi import AsgiStream
from edge.stream_line import LINE, Connection, LineStream

PATH = "/events"
# What else a process has open: pages being served, the store, Redis.
_OTHER_FILES = 256
_LONGEST_VERSION = 15
_TURNS = 60
# Clients come back after a second, spread over seconds: three, or as many as it takes for so many a second.
_SHORTEST_SPREAD, _RETURNS = 3.0, 2_000

_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Widgets on other sites follow too.
    (b"access-control-allow-origin", b"*"),
    # nginx would otherwise hold events back until its buffer is full.
    (b"x-accel-buffering", b"no"),
    (b"connection", b"close"),
    *answers.GUARDS,
]


@dataclass(frozen=True)
class Limits:
    """How many streams, in all and for an address, and their times in seconds.

    A stream ends after a random part of `lasting`, so that those begun together do not come back together.
    `patience` is what a client gets for taking what it is sent, where the server has a word for dropping it.
    """

    streams: int = 20_000
    per_address: int = 100
    lasting: tuple[float, float] = (300.0, 600.0)
    beat: float = 15.0
    patience: float = 10.0


class Streams:
    def __init__(self, channels: Channels, limits: Limits) -> None:
        self._channels = channels
        self._limits = limits
        self._most = min(limits.streams, _open_files() - _OTHER_FILES)
        self._by_address: Counter[str] = Counter()
        self.count = 0
        self._closing = False
        # Streams by when it is their turn for a sign of life, so that not all get one at once.
        self._turns: list[set[Stream]] = [set() for _ in range(_TURNS)]

    async def channel(self, scope: Scope, page_id: str) -> Channel | Answer:
        """What there is to follow, or the answer where there is no room, or no page."""
        channel = await self._channels.of(page_id)
        if channel is None:
            return answers.PREPARING
        if self._closing or self.count >= self._most:
            return answers.NO_ROOM
        if self._by_address[_address(scope)] >= self._limits.per_address:
            return answers.ENOUGH
        return channel

    async def follow(self, channel: Channel, scope: Scope, receive: Receive, send: Send) -> None:
        """Until either side has had enough; at once where the server gives the connection away.

        Every call that waits in here costs memory for each stream.
        """
        known = self._known(channel, scope)
        line: Connection | None = scope.get("state", {}).pop(LINE, None)
        # Nobody reads them any more, and a browser sends a kilobyte of them.
        scope["headers"].clear()
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if line is not None and line.may_be_given():
            own = LineStream(*known, line.transport, self._limits.patience, self._leave)
            line.hand_over(own)
            self._enter(own)
            return
        stream = AsgiStream(*known, send)
        self._enter(stream)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            stream.forget()
            self._leave(stream)

    async def run(self) -> None:
        """Until cancelled. Each stream has its turn once a beat: it gets a sign of life, or its end."""
        while True:
            for turn in self._turns:
                await asyncio.sleep(self._limits.beat / len(self._turns))
                now = time.monotonic()
                for stream in list(turn):
                    stream.end() if now > stream.until else stream.beat()

    def close(self) -> None:
        """End every stream and begin none: the server is going."""
        self._closing = True
        for stream in [stream for turn in self._turns for stream in turn]:
            if not stream.over and stream.is_free():
                stream.say(self._pause())
            stream.end()

    def _pause(self) -> Chunk:
        """Each client its own before it comes back, so that all at once do not follow a restart."""
        longest = max(_SHORTEST_SPREAD, self.count / _RETURNS)
        return chunk(b"retry: %d\n\n" % (1000 * random.uniform(1.0, 1.0 + longest)))  # noqa: S311

    def _known(self, channel: Channel, scope: Scope) -> tuple[Channel, int, str, set[Stream], float]:
        """What streams begin with."""
        until = time.monotonic() + random.uniform(*self._limits.lasting)  # noqa: S311
        turn = random.choice(self._turns)  # noqa: S311
        return channel, _version(scope, channel.version), _address(scope), turn, until

    def _enter(self, stream: Stream) -> None:
        self.count += 1
        self._by_address[stream.address] += 1
        stream.turn.add(stream)
        stream.channel.watchers.add(stream)
        stream.say(self._pause())
        stream.beat()

    def _leave(self, stream: Stream) -> None:
        stream.turn.discard(stream)
        stream.channel.watchers.discard(stream)
        stream.channel.left_at = time.monotonic()
        self.count -= 1
        self._by_address[stream.address] -= 1
        if not self._by_address[stream.address]:
            del self._by_address[stream.address]


def _version(scope: Scope, current: int) -> int:
    """The version that the client has: what it heard last, else what its page says, else the current one."""
    named = [value for name, value in scope["headers"] if name == b"last-event-id"]
    named += [part[2:] for part in scope["query_string"].split(b"&") if part.startswith(b"v=")]
    sound = [value for value in named if value.isdigit() and 0 < len(value) <= _LONGEST_VERSION]
    return int(sound[0]) if sound else current


def _address(scope: Scope) -> str:
    """Of IPv6 the network, since one visitor has all addresses of it."""
    client = scope.get("client")
    host = client[0] if client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            # As a server that listens for both kinds has it.
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


def _open_files() -> int:
    """How many files the process may have open, after asking for as many as it is allowed to ask for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 2**31
