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
from urllib.parse import parse_qs

from edge import answers
from edge.answers import Answer, Headers
from edge.channels import Channel, Channels
from edge.request import Receive, Scope, Send

PATH = "/events"
# What else a process has open: pages being served, the store, Redis.
_OTHER_FILES = 256
_LONGEST_VERSION = 15

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
    `patience` is what a client gets for taking what it is sent.
    """

    streams: int = 20_000
    per_address: int = 100
    lasting: tuple[float, float] = (300.0, 600.0)
    beat: float = 15.0
    patience: float = 10.0


class Stream:
    """One client: the version that it has been told, and whether there may be more to say."""

    __slots__ = ("_pending", "_waiter", "mark", "over", "sending_since", "slow", "task", "version")

    def __init__(self, version: int, task: asyncio.Task[None]) -> None:
        self.version = version
        self.task = task
        # When the client was sent what it has not taken yet; 0 where there is nothing.
        self.sending_since = 0.0
        self.slow = False
        self.mark = ""
        self.over = False
        self._pending = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        self._pending = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def end(self) -> None:
        self.over = True
        self.wake()

    def hurry(self, patience: float) -> None:
        """Give up on a client that has let us wait for longer than `patience` seconds."""
        if self.sending_since and not self.slow and time.monotonic() - self.sending_since > patience:
            self.slow = True
            self.task.cancel()

    async def woken(self, within: float) -> bool:
        """False where nothing happened within so many seconds."""
        if not self._pending:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            alarm = loop.call_later(within, _ring, self._waiter)
            try:
                await self._waiter
            finally:
                alarm.cancel()
                self._waiter = None
        woken, self._pending = self._pending, False
        return woken


class Streams:
    def __init__(self, channels: Channels, limits: Limits) -> None:
        self._channels = channels
        self._limits = limits
        self._most = min(limits.streams, _open_files() - _OTHER_FILES)
        self._by_address: Counter[str] = Counter()
        self.count = 0
        self._closing = False
        # The mark of the overlay over the page's documents, for scripts that would like to show it.
        self.overlay_mark = ""

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
        """Until either side has had enough. Every call that waits in here costs memory for each stream."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        stream = Stream(_version(scope, channel.version), task)
        address = _address(scope)
        self._enter(stream, channel, address)
        leaving = asyncio.create_task(_wait_until_gone(receive, stream))
        until = time.monotonic() + random.uniform(*self._limits.lasting)  # noqa: S311
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            # Each its own pause before coming back, so that a restart is not followed by all at once.
            chunk = b"retry: %d\n\n" % random.randrange(1_000, 4_000)  # noqa: S311
            woken = False
            while not stream.over and time.monotonic() < until:
                chunk += self._news(stream, channel, woken)
                if chunk:
                    stream.sending_since = time.monotonic()
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    stream.sending_since = 0.0
                chunk = b""
                woken = await stream.woken(min(self._limits.beat, max(0.0, until - time.monotonic())))
            stream.sending_since = time.monotonic()
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            if not stream.slow:
                raise
            stream.task.uncancel()
            _abort(send)
            await leaving
        finally:
            leaving.cancel()
            self._leave(stream, channel, address)

    async def run(self) -> None:
        """Look after slow clients, until cancelled: one clock for all costs less than one for each event."""
        while True:
            await asyncio.sleep(self._limits.patience / 4)
            for watcher in self._channels.watchers():
                watcher.hurry(self._limits.patience)

    def close(self) -> None:
        """End every stream and begin none: the server is going."""
        self._closing = True
        self._channels.end()

    def _news(self, stream: Stream, channel: Channel, woken: bool) -> bytes:
        """What the client has not been told; in the end a beat, where it is time or the overlay differs."""
        chunk = channel.since(stream.version)
        stream.version = channel.version
        if not woken or stream.mark != self.overlay_mark:
            stream.mark = self.overlay_mark
            chunk += channel.beat(stream.mark)
        return chunk

    def _enter(self, stream: Stream, channel: Channel, address: str) -> None:
        self.count += 1
        self._by_address[address] += 1
        channel.watchers.add(stream)

    def _leave(self, stream: Stream, channel: Channel, address: str) -> None:
        channel.watchers.discard(stream)
        channel.left_at = time.monotonic()
        self.count -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


async def _wait_until_gone(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _ring(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _abort(send: Send) -> None:
    """Drop the connection with all that waits to be sent, for which ASGI has no word.

    Raises ConnectionAbortedError where the server is not uvicorn: then its own timeouts have to do.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError
    transport.abort()


def _version(scope: Scope, current: int) -> int:
    """The version that the client has: what it heard last, else what its page says, else the current one."""
    named = [value for name, value in scope["headers"] if name == b"last-event-id"]
    named += parse_qs(scope["query_string"]).get(b"v", [])
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
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host


def _open_files() -> int:
    """How many files the process may have open, after asking for as many as it is allowed to ask for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 2**31
