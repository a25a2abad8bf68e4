"""Machines that take every request: `python -m benchmarks.machines PORT COUNT BODY` answers 200 with BODY at
127.0.0.1 and COUNT - 1 addresses after it."""

from __future__ import annotations

import asyncio
import ipaddress
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import uvloop

from benchmarks.servers import ROOT
from tests.services import any_port

_FIRST = ipaddress.IPv4Address("127.0.0.1")


@contextmanager
def machines(count: int, body: str = "ok") -> Iterator[Sequence[str]]:
    """Their addresses, such as http://127.0.0.1:20123, in a process of their own."""
    port = any_port()
    command = [sys.executable, "-m", "benchmarks.machines", str(port), str(count), body]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        try:
            yield [f"http://{_FIRST + number}:{port}" for number in range(count)]
        finally:
            running.terminate()


class _Machine(asyncio.Protocol):
    """Knows of a request only where it ends: that is all that an answer needs."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.seen = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own is of no class of asyncio's.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.seen += data
        while (end := self._end()) is not None:
            del self.seen[:end]
            self.transport.write(self.answer)

    def _end(self) -> int | None:
        head = self.seen.find(b"\r\n\r\n")
        if head < 0:
            return None
        lines = bytes(self.seen[:head]).lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        end = head + 4 + length
        return end if len(self.seen) >= end else None


async def _serve(port: int, count: int, body: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    loop = asyncio.get_running_loop()
    for number in range(count):
        await loop.create_server(lambda: _Machine(answer), str(_FIRST + number), port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
