"""A real server over the edge, and browsers of raw sockets that follow a page."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from edge import Edge
from edge.streams import Limits
from store import Document, Store
from tests.clocks import Stopwatch, within
from tests.edge.visitor import ACME_HOST, HOSTS
from tests.live import ROOT
from tests.services import any_port
from tests.store.builders import ACME, HTML, manifest

PROTOCOL = "edge.protocol:Protocol"
# The edge's own connections, and those of uvicorn as it comes, where streams are ASGI's.
either_server = pytest.mark.parametrize("http", [PROTOCOL, "httptools"])
QUICK = Limits(beat=0.3, patience=0.5)


def page(version: int, **parts: str) -> bytes:
    """A status page whose live elements are `parts` by id."""
    shown = "".join(f'<p id="{name}" data-live>{text}</p><!--/{name}-->' for name, text in parts.items())
    return (
        f'<head><title>At {version}</title><link rel="icon" href="/assets/icon-1.svg"></head>'
        f'<main id="main" data-live><div id="now" data-live data-version="{version}" data-indicator="minor">'
        f'<h1 id="state">Minor trouble</h1></div><!--/now-->{shown}</main><!--/main-->'
    ).encode()


def publish_page(store: Store, version: int, page_id: str = ACME, *, release: int = 0, **parts: str) -> None:
    documents = [Document("/", page(version, **parts), HTML)]
    assert store.put(manifest(version, documents, page_id=page_id, release=release), documents)


@dataclass
class Event:
    kind: str
    id: int | None
    data: Any
    at: float


class Follower:
    """One connection to `/events`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.status = 0
        self.headers: dict[str, str] = {}
        self.retry = 0
        self._text = ""

    @classmethod
    async def connect(cls, port: int, host: str = ACME_HOST, query: str = "", **headers: str) -> Follower:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        lines = [f"GET /events{query} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        follower = cls(reader, writer)
        head = (await within(5, reader.readuntil(b"\r\n\r\n"))).decode().split("\r\n")
        follower.status = int(head[0].split()[1])
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        follower.headers = {name.lower(): value for name, value in pairs}
        return follower

    async def event(self, seconds: float = 5.0) -> Event:
        """The next one; EOFError where the server has ended the stream."""
        while "\n\n" not in self._text:
            self._text += (await within(seconds, self._chunk())).decode()
        block, _, self._text = self._text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "retry" in fields:
            self.retry = int(fields["retry"])
            return await self.event(seconds)
        number = int(fields["id"]) if "id" in fields else None
        data = fields["data"]
        # A beat says more than the version only while there is an overlay.
        known = data if " " in data and fields["event"] == "beat" else json.loads(data)
        return Event(fields["event"], number, known, time.monotonic())

    async def change(self, seconds: float = 5.0) -> Event:
        """The next event that is no beat."""
        while (found := await self.event(seconds)).kind == "beat":
            pass
        return found

    async def ended(self, seconds: float = 5.0) -> float:
        """How long it took until the server ended the stream, in `seconds` of a quiet machine at most."""
        watch = Stopwatch()
        try:
            while watch.seconds < seconds:
                await self.event(seconds)
        except (EOFError, ConnectionError):
            return watch.passed
        message = "The stream goes on."
        raise AssertionError(message)

    def leave(self) -> None:
        self.writer.close()

    async def _chunk(self) -> bytes:
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        if size == 0:
            raise EOFError
        return (await self.reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def serving(
    store: Store,
    *,
    redis_url: str = "",
    limits: Limits = QUICK,
    port: int = 0,
    stale_after: float = 120.0,
    http: str = PROTOCOL,
    emergency_key: str = "",
) -> AsyncIterator[tuple[Edge, int]]:
    """An edge over `store` and its port; `http` is uvicorn's option."""
    store.put_hosts(1, HOSTS)
    keys = {"redis_url": redis_url, "emergency_key": emergency_key}
    edge = Edge(store, limits=limits, stale_after=stale_after, **keys)
    port = port or any_port()
    config = uvicorn.Config(edge, port=port, log_level="warning", timeout_graceful_shutdown=1, http=http)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield edge, port
    finally:
        edge.streams.close()
        server.should_exit = True
        await task


def started(directory: Path, port: int, http: str = PROTOCOL) -> subprocess.Popen[bytes]:
    """A process of the edge alone."""
    environment = {"STORE_DIR": str(directory), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "uvicorn", "edge.asgi:application", "--port", str(port)]
    return subprocess.Popen([*command, "--http", http, "--log-level", "warning"], cwd=ROOT, env=environment)
