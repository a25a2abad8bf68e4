"""Many open event streams, in processes of their own: `python -m benchmarks.crowd PORT COUNT`.

Each line of its input is a word to listen for. It answers with a line when all listen, and with another one
when all have heard.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import uvloop

from benchmarks.servers import ROOT

HOST = "acme.localhost"
_AT_ONCE = 100
_PATIENCE = 60.0
# What Chromium sends, so that servers may hold on to it.
_REQUEST = f"""GET /events?v=1 HTTP/1.1
Host: {HOST}
Connection: keep-alive
sec-ch-ua-platform: "Linux"
Cache-Control: no-cache
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0
Accept: text/event-stream
sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"
sec-ch-ua-mobile: ?0
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: https://{HOST}/
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en;q=0.9

""".replace("\n", "\r\n").encode()


@dataclass(frozen=True, slots=True)
class Heard:
    """By how many, and the seconds from publishing until the first and until the last of them."""

    count: int
    first: float
    last: float


class Crowds:
    """Processes full of streams."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = processes
        for one in self._answers():
            assert one == {"open": True}, one

    def hear(self, word: str, publish: Callable[[], object]) -> Heard:
        for process in self._processes:
            assert process.stdin is not None
            print(word, file=process.stdin, flush=True)
        for one in self._answers():
            assert one == {"listening": True}, one
        begun = time.monotonic()
        publish()
        told = self._answers()
        first, last = min(one["first"] for one in told), max(one["last"] for one in told)
        return Heard(sum(one["count"] for one in told), first - begun, last - begun)

    def _answers(self) -> list[dict[str, Any]]:
        return [json.loads(process.stdout.readline()) for process in self._processes if process.stdout]


@contextmanager
def crowds(ports: Sequence[int], count: int) -> Iterator[Crowds]:
    """So many streams to each of the ports, all of them open."""
    command = [*_on_other_processors(), sys.executable, "-m", "benchmarks.crowd"]
    processes = [
        subprocess.Popen(
            [*command, str(port), str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    try:
        yield Crowds(processes)
    finally:
        for process in processes:
            process.communicate()


def _on_other_processors() -> list[str]:
    """Than the first, which servers have when they are alone."""
    others = sorted(os.sched_getaffinity(0))[1:]
    return ["taskset", "-c", ",".join(map(str, others))] if others else []


class Crowd:
    """Streams that note when a word reaches them."""

    def __init__(self) -> None:
        self.word = b""
        self.times: list[float] = []
        self.open = 0
        self.change = asyncio.Event()
        self.members: list[Member] = []

    async def join(self, port: int, count: int) -> bool:
        loop = asyncio.get_running_loop()
        while len(self.members) < count:
            joining = [
                loop.create_connection(lambda: Member(self), "127.0.0.1", port)
                for _ in range(min(_AT_ONCE, count - len(self.members)))
            ]
            self.members += [member for _, member in await asyncio.gather(*joining)]
        return await self._until(lambda: self.open == count)

    def listen(self, word: str) -> None:
        self.word, self.times = word.encode(), []

    async def everybody(self) -> dict[str, float]:
        await self._until(lambda: len(self.times) >= self.open)
        return {"count": len(self.times), "first": min(self.times), "last": max(self.times)}

    async def _until(self, condition: Callable[[], bool]) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                while not condition():
                    self.change.clear()
                    await self.change.wait()
        except TimeoutError:
            return False
        return True


class Member(asyncio.Protocol):
    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._greeted = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by type.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(_REQUEST)

    def data_received(self, data: bytes) -> None:
        crowd = self._crowd
        if not self._greeted:
            assert data.startswith(b"HTTP/1.1 200 "), data
            self._greeted = True
            crowd.open += 1
            crowd.change.set()
        seen = self._tail + data
        if crowd.word and crowd.word in seen:
            crowd.times.append(time.monotonic())
            seen = b""
            if len(crowd.times) >= crowd.open:
                crowd.change.set()
        self._tail = seen[-32:]

    def connection_lost(self, _error: Exception | None) -> None:
        self._crowd.open -= self._greeted
        self._crowd.change.set()


async def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    crowd = Crowd()
    _say({"open": await crowd.join(port, count)})
    while word := (await asyncio.to_thread(sys.stdin.readline)).rstrip("\n"):
        crowd.listen(word)
        _say({"listening": True})
        _say(await crowd.everybody())
    for member in crowd.members:
        member.transport.abort()


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
