"""The composed server: page hosts are the edge's, the short way for what is ready included."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from edge.ready import SHELF, Shelf
from statuspage.asgi import application, at_host, host_of


def test_a_server_finds_the_shelf_of_ready_answers() -> None:
    async def scenario() -> None:
        state: dict[str, Any] = {}
        told = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        said: list[str] = []

        async def receive() -> MutableMapping[str, Any]:
            return next(told)

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message["type"])
            assert isinstance(state[SHELF], Shelf)

        await application({"type": "lifespan", "state": state}, receive, send)
        assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    asyncio.run(scenario())


def test_two_hosts_are_no_app_host() -> None:
    twice = [(b"host", b"localhost"), (b"host", b"acme.localhost")]
    for headers in (twice, twice[::-1], [twice[0], twice[0]]):
        reply = asyncio.run(_answered({"type": "http", "method": "GET", "path": "/", "headers": headers}))
        assert reply == 400


async def _answered(scope: MutableMapping[str, Any]) -> int:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await application({**scope, "query_string": b""}, receive, send)
    return int(sent[0]["status"])


def test_a_request_made_to_another_host_is_otherwise_the_same() -> None:
    asked = {"type": "http", "path": "/x", "headers": [(b"accept", b"*/*"), (b"host", b"LOCALHOST:8000")]}
    there = at_host(asked, "demo.localhost")
    assert (host_of(asked), host_of(there)) == ("localhost", "demo.localhost")
    assert {name: there[name] for name in ("type", "path")} == {"type": "http", "path": "/x"}
    assert (b"accept", b"*/*") in there["headers"]
