"""Requests at a fixed rate, whether or not former ones have been answered: what crowds do, and wrk does not.

A request's time begins when it is due. So a server that stops for a second makes a second's worth of requests
wait, and all of them are counted.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import cast

from benchmarks.figures import share_below

CONNECTIONS = 64
_TICK = 0.001
# Seconds after the last request for which answers are waited for.
_PATIENCE = 10.0
_SIGNATURE = 64


@dataclass(slots=True)
class Paced:
    """`waits` are seconds from when each was due to its last byte; `late`, until it was sent, if a connection
    was free for it. `failures` are answers that are none, or others than the first. `busy` is the share of a
    processor that asking took: near 1, the figures are of who asks."""

    waits: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    busy: float = 0.0

    def within(self, share: float) -> float:
        return share_below(self.waits, share)


async def pace(port: int, host: str, rate: float, seconds: float) -> Paced:
    """Ask for a host's page `rate` times a second for so long."""
    crowd = Crowd(port, host)
    await crowd.gather()
    begun, used = time.perf_counter(), time.process_time()
    await crowd.ask(rate, round(rate * seconds))
    crowd.paced.busy = (time.process_time() - used) / (time.perf_counter() - begun)
    await crowd.leave()
    return crowd.paced


class Crowd:
    def __init__(self, port: int, host: str) -> None:
        self.paced = Paced()
        self.idle: deque[Visitor] = deque()
        self.due: deque[float] = deque()
        self.request = f"GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br\r\n\r\n".encode()
        self.length, self.signature = _first(port, host)
        self._port = port

    async def gather(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, visitor = await loop.create_connection(lambda: Visitor(self), "127.0.0.1", self._port)
            self.idle.append(visitor)

    async def ask(self, rate: float, number: int) -> None:
        begun = time.perf_counter()
        asked = 0
        while asked < number:
            now = time.perf_counter()
            due = min(number, int((now - begun) * rate) + 1)
            for place in range(asked, due):
                self._ask_at(begun + place / rate)
            asked = due
            await asyncio.sleep(_TICK)

    async def leave(self) -> None:
        until = time.perf_counter() + _PATIENCE
        while len(self.idle) < CONNECTIONS and time.perf_counter() < until:
            await asyncio.sleep(_TICK)
        missing = CONNECTIONS - len(self.idle) + len(self.due)
        self.paced.failures += ["no answer"] * missing
        for visitor in self.idle:
            visitor.transport.abort()

    def take_next(self, visitor: Visitor) -> None:
        if self.due:
            visitor.send(self.due.popleft())
        else:
            self.idle.append(visitor)

    def _ask_at(self, due: float) -> None:
        if self.idle:
            self.paced.late.append(time.perf_counter() - due)
            self.idle.popleft().send(due)
        else:
            self.due.append(due)


class Visitor(asyncio.Protocol):
    """One connection, kept alive, with at most one request under way."""

    transport: asyncio.Transport

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._due = 0.0
        self._parts: list[bytes] = []
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by type.
        self.transport = cast(asyncio.Transport, transport)

    def send(self, due: float) -> None:
        self._due, self._length = due, 0
        self._parts.clear()
        self.transport.write(self._crowd.request)

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        self._length += len(data)
        if self._length >= self._crowd.length:
            self._complete(b"".join(self._parts))

    def connection_lost(self, error: Exception | None) -> None:
        if self not in self._crowd.idle:
            self._crowd.paced.failures.append(f"connection lost: {error}")

    def _complete(self, answer: bytes) -> None:
        paced = self._crowd.paced
        paced.waits.append(time.perf_counter() - self._due)
        if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(self._crowd.signature):
            paced.failures.append(answer[:40].decode("latin-1"))
        self._crowd.take_next(self)


def _first(port: int, host: str) -> tuple[int, bytes]:
    """How long an answer is, with its head, and its last bytes: compressed, they stand for all of it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={"Host": host, "Accept-Encoding": "br"})
    answer = connection.getresponse()
    head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
    body = answer.read()
    connection.close()
    assert answer.status == 200
    return len(f"HTTP/1.1 200 {answer.reason}\r\n\r\n") + head + len(body), body[-_SIGNATURE:]
