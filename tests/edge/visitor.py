"""Asks an ASGI application as a server would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from edge import Edge
from edge.request import ASGIApp, Receive, Scope, Send
from store import HostEntry, Store
from tests.clocks import Stopwatch
from tests.store.builders import ACME, GLOBEX

ACME_HOST, GLOBEX_HOST, DRAFT_HOST = "acme.localhost", "status.globex.test", "draft.localhost"
HOSTS = {
    ACME_HOST: HostEntry(ACME, ACME_HOST, "slug", True),
    "acmeacmeacme.localhost": HostEntry(ACME, ACME_HOST, "id", True),
    GLOBEX_HOST: HostEntry(GLOBEX, GLOBEX_HOST, "custom", True),
    DRAFT_HOST: HostEntry("draftdraftdr", DRAFT_HOST, "slug", False),
}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    app: ASGIApp, host: str, path: str = "/", method: str = "GET", *, query: bytes = b"", **headers: str
) -> Reply:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", host.encode()), *named],
    }
    await app(scope, receive, send)
    answered = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    assert len(answered) == len(sent[0]["headers"])
    return Reply(sent[0]["status"], answered, b"".join(message["body"] for message in sent[1:]))


def asking(app: ASGIApp, *args: Any, **kwargs: Any) -> Reply:
    return asyncio.run(ask(app, *args, **kwargs))


def edge_over(store: Store, fallback: ASGIApp | None = None, redis_url: str = "") -> Edge:
    store.put_hosts(1, HOSTS)
    return Edge(store, fallback, redis_url=redis_url)


@asynccontextmanager
async def started(edge: Edge) -> AsyncIterator[Edge]:
    """With its lifespan."""
    inbox: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(edge({"type": "lifespan"}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    try:
        yield edge
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        assert (await outbox.get())["type"] == "lifespan.shutdown.complete"
        await life


async def until(true: Callable[[], Awaitable[bool]], within: float) -> float:
    """Seconds of a quiet machine until it was true."""
    watch = Stopwatch()
    while not await true():
        assert watch.seconds < within
        await asyncio.sleep(0.002)
    return watch.seconds


async def teapot(scope: Scope, receive: Receive, send: Send) -> None:
    """A fallback that says what it was asked."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": f"{scope['method']} {scope['path']}".encode()})
