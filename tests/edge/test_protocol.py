"""Over a socket, with the short way for what is ready: nobody can tell it from the long one."""

from __future__ import annotations

import asyncio
import gc
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import uvicorn

from edge import Edge
from edge.bodies import Body
from edge.protocol import Protocol
from edge.request import ASGIApp, Receive, Scope, Send
from store import Document, HostEntry, Hosts, Manifest, Store
from tests.edge.visitor import ACME_HOST, GLOBEX_HOST, HOSTS, Reply, ask, teapot, until
from tests.services import any_port
from tests.store.builders import ACME, GLOBEX, HTML, documents, manifest, publish, text

MORE = [
    Document("/404", b"<h1>Nothing here</h1>" * 20, HTML, status=404),
    Document("/index.md", b"# Acme", "text/markdown; charset=utf-8"),
    Document("/history.json", b'{"months":[1]}', "application/json"),
    Document("/history.json?page=2", b'{"months":[2]}', "application/json"),
    Document("/assets/0123.css", b"body{margin:0}" * 30, "text/css; charset=utf-8"),
]
# uvicorn's own, and one that only matters between two neighbours.
_OF_THE_SERVER = ("date", "server", "connection")


class Client:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, host: str, path: str = "/", method: str = "GET", **headers: str) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def reply(self, *, head: bool = False) -> Reply:
        raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)
        first, *lines = raw.decode("latin-1").strip().split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs)
        status = int(first.split()[1])
        length = 0 if head or status in (204, 304) else int(headers["content-length"])
        return Reply(status, headers, await asyncio.wait_for(self.reader.readexactly(length), 5))

    async def ask(self, host: str, path: str = "/", method: str = "GET", **headers: str) -> Reply:
        self.send(host, path, method, **headers)
        return await self.reply(head=method == "HEAD")

    async def ended(self) -> bool:
        """Whether the server closes the connection and says nothing more."""
        return await asyncio.wait_for(self.reader.read(), 5) == b""


@asynccontextmanager
async def serving(
    store: Store, fallback: ASGIApp | None = None, *, keep_alive: int = 5
) -> AsyncIterator[tuple[Edge, int]]:
    store.put_hosts(1, HOSTS)
    edge, port = Edge(store, fallback), any_port()
    config = uvicorn.Config(
        edge,
        port=port,
        http=Protocol,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=keep_alive,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield edge, port
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def published(store: Store) -> Store:
    new = documents(1) + MORE
    store.put(manifest(1, new), new)
    publish(store, 1, GLOBEX)
    return store


ASKED: list[tuple[str, str, str, dict[str, str]]] = [
    (ACME_HOST, "/", "GET", {}),
    (ACME_HOST, "/", "GET", {"Accept-Encoding": "gzip, br"}),
    (ACME_HOST, "/", "GET", {"Accept-Encoding": "gzip"}),
    (GLOBEX_HOST, "/", "GET", {"Accept-Encoding": "gzip"}),
    (ACME_HOST, "/", "HEAD", {"Accept-Encoding": "gzip"}),
    (ACME_HOST, "/", "GET", {"Accept": "text/markdown"}),
    (ACME_HOST, "/", "GET", {"Accept": "Text/MarkDown, text/html;q=0.5"}),
    (ACME_HOST, "/", "GET", {"Accept": "text/html, text/markdown;q=0.5"}),
    (ACME_HOST, "/", "GET", {"If-None-Match": "*"}),
    (ACME_HOST, "/", "GET", {"If-None-Match": '"other"'}),
    (ACME_HOST, "/", "POST", {"Content-Length": "0"}),
    (ACME_HOST, "/nothing", "GET", {}),
    (ACME_HOST, "/nothing", "GET", {"If-None-Match": "*"}),
    (ACME_HOST, "/history/", "GET", {}),
    (ACME_HOST, "/%68istory", "GET", {}),
    (ACME_HOST, "/history.json?page=2", "GET", {}),
    (ACME_HOST, "/history.json", "GET", {}),
    (ACME_HOST, "/?utm_source=x", "GET", {}),
    (ACME_HOST, "/api/v2/status.json", "GET", {"Accept-Encoding": "zstd"}),
    (ACME_HOST, "/api/v2/status.json", "OPTIONS", {}),
    (ACME_HOST, "/assets/0123.css", "GET", {"Accept-Encoding": "br"}),
    ("ACME.localhost:8000", "/", "GET", {}),
    ("nobody.localhost", "/", "GET", {}),
    ("draft.localhost", "/", "GET", {}),
    (ACME_HOST, "/", "GET", {f"X-{number}": "a" for number in range(120)}),
    (ACME_HOST, "/", "GET", {"Cookie": "a" * 17_000}),
]


def test_what_is_asked_for_again_is_answered_as_before(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            long_way = Edge(published)
            client = await Client.connect(port)
            for host, path, method, headers in ASKED * 3:
                named = {name.lower(): value for name, value in headers.items()}
                plain, _, query = path.replace("%68", "h").partition("?")
                expected = await ask(long_way, host, plain, method, query=query.encode(), **named)
                found = await client.ask(host, path, method, **headers)
                shown = {name: found.headers[name] for name in found.headers if name not in _OF_THE_SERVER}
                assert (found.status, shown) == (expected.status, expected.headers), (host, path, headers)
                assert found.body == expected.body, (host, path, headers)
                assert "date" in found.headers

    asyncio.run(scenario())


def test_the_second_request_takes_the_short_way(published: Store) -> None:
    """Which no answer shows, so the long way is taken away."""

    async def scenario() -> None:
        async with serving(published) as (edge, port):
            client = await Client.connect(port)
            first = await client.ask(ACME_HOST, accept_encoding="gzip")
            edge._answer = None  # type: ignore[assignment, method-assign]
            for _ in range(3):
                again = await client.ask(ACME_HOST, accept_encoding="gzip")
                assert (again.status, again.body) == (200, first.body)
                had = await client.ask(
                    ACME_HOST, accept_encoding="gzip", if_none_match=f'W/{first.headers["etag"]}, "x"'
                )
                assert (had.status, had.body) == (304, b"")

    asyncio.run(scenario())


def test_what_is_ready_is_not_answered_once_it_is_no_longer_true(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published) as (edge, port):
            client = await Client.connect(port)

            async def shows(version: int) -> bool:
                return (await client.ask(ACME_HOST)).body == text(ACME, "/", version)

            assert await shows(1)
            publish(published, 2)
            await until(lambda: shows(2), within=3)
            published.beat(datetime(2026, 11, 20, 5, tzinfo=UTC))
            await edge.heart._look(datetime.now(UTC))
            assert "-o" in (await client.ask(ACME_HOST)).headers["etag"]
            edge.heart.overlay = None
            assert "-o" not in (await client.ask(ACME_HOST)).headers["etag"]
            published.put_hosts(2, {ACME_HOST: HostEntry(GLOBEX, ACME_HOST, "slug", True)})
            await until(lambda: shows_globex(client), within=3)
            published.put_hosts(3, {})
            await until(lambda: is_unknown(client), within=3)

    async def shows_globex(client: Client) -> bool:
        return (await client.ask(ACME_HOST)).body == text(GLOBEX, "/", 1)

    async def is_unknown(client: Client) -> bool:
        return (await client.ask(ACME_HOST)).status == 404

    asyncio.run(scenario())


def test_ready_answers_hold_on_to_nothing_larger_than_themselves(published: Store) -> None:
    """Memory would let go of a manifest, and have nothing of it."""

    async def scenario() -> None:
        async with serving(published) as (edge, port):
            client = await Client.connect(port)
            for path in ("/", "/history"):
                await client.ask(ACME_HOST, path)
            ready = edge.shelf._kept.values()
            held = {type(one) for answer in ready for one in gc.get_referents(answer)}
            assert len(ready) == 2
            assert bytes in held
            assert not held & {Manifest, Hosts, Body}

    asyncio.run(scenario())


def test_requests_sent_at_once_are_answered_in_their_order(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            client = await Client.connect(port)
            for _ in range(2):
                for path in ("/", "/history", "/nothing", "/", "/history", "/"):
                    client.send(ACME_HOST, path)
                bodies = [(await client.reply()).body for _ in range(6)]
                page, history = text(ACME, "/", 1), text(ACME, "/history", 1)
                assert bodies == [page, history, MORE[0].body, page, history, page]

    asyncio.run(scenario())


def test_what_is_asked_behind_a_ready_answer_gets_the_time_that_it_takes(published: Store) -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1.5)
        await teapot(scope, receive, send)

    async def scenario() -> None:
        async with serving(published, slow, keep_alive=1) as (_, port):
            client = await Client.connect(port)
            await client.ask(ACME_HOST)
            client.send(ACME_HOST)
            client.send(ACME_HOST, "/subscriptions/new")
            await client.reply()
            raw = await asyncio.wait_for(client.reader.readuntil(b"0\r\n\r\n"), 5)
            assert raw.startswith(b"HTTP/1.1 418 ")

    asyncio.run(scenario())


def test_a_stream_with_another_request_behind_it_is_a_stream(
    published: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with serving(published) as (edge, port):
            client = await Client.connect(port)
            client.send(ACME_HOST, "/events?v=1")
            client.send(ACME_HOST)
            assert b"event: beat" in await asyncio.wait_for(client.reader.readuntil(b"data: 1\n\n"), 5)
            await asyncio.sleep(0.1)
            assert edge.streams.count == 1
            client.writer.close()
            await until(lambda: has_none(edge), within=2)

    async def has_none(edge: Edge) -> bool:
        return edge.streams.count == 0

    asyncio.run(scenario())
    assert not caplog.records


def test_long_keys_of_ready_answers_count(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published) as (edge, port):
            client = await Client.connect(port)
            await client.ask(ACME_HOST)
            one = edge.shelf._kept.used
            await client.ask(f"{ACME_HOST}:{'8' * 9_000}")
            assert edge.shelf._kept.used > 2 * one + 9_000

    asyncio.run(scenario())


def test_a_request_that_names_two_hosts_is_refused_also_where_an_answer_is_ready(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published, teapot) as (_, port):
            client = await Client.connect(port)
            for _again in range(2):
                assert (await client.ask(ACME_HOST)).status == 200
            for second in (ACME_HOST, GLOBEX_HOST):
                found = await client.ask(ACME_HOST, Host=second)
                assert (found.status, found.headers["cache-control"]) == (400, "no-store")

    asyncio.run(scenario())


@pytest.mark.parametrize("first", ["gzip", "identity"])
def test_a_header_sent_twice_does_not_decide_what_others_get(published: Store, first: str) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            client = await Client.connect(port)
            lines = [
                "GET / HTTP/1.1",
                f"Host: {ACME_HOST}",
                f"Accept-Encoding: {first}",
                "Accept-Encoding: br",
            ]
            client.writer.write("\r\n".join([*lines, "", ""]).encode())
            await client.reply()
            found = await client.ask(ACME_HOST, accept_encoding="br")
            assert found.headers["content-encoding"] == "br"
            plain = await client.ask(ACME_HOST, accept_encoding=first)
            assert plain.headers.get("content-encoding", "identity") == first

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "length", [b"content-length: 4\r\n\r\nGET ", b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"]
)
def test_a_body_is_no_second_request(published: Store, length: bytes) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            client = await Client.connect(port)
            for _ in range(3):
                client.writer.write(b"GET / HTTP/1.1\r\nhost: acme.localhost\r\n" + length)
                assert (await client.reply()).body == text(ACME, "/", 1)
                assert (await client.ask(ACME_HOST)).body == text(ACME, "/", 1)

    asyncio.run(scenario())


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_who_wants_to_be_left_alone_is(published: Store, version: str) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            await (await Client.connect(port)).ask(ACME_HOST)
            client = await Client.connect(port)
            request = f"GET / {version}\r\nHost: {ACME_HOST}\r\nConnection: close\r\n\r\n"
            client.writer.write(request.encode())
            found = await client.reply()
            assert (found.body, found.headers["connection"]) == (text(ACME, "/", 1), "close")
            assert await client.ended()

    asyncio.run(scenario())


def test_a_head_without_end_is_refused_before_it_fills_the_memory(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            for begun in (b"GET / HTTP/1.1\r\nX: ", b"GET /"):
                client = await Client.connect(port)
                client.writer.write(begun + b"a" * 16_000)
                await asyncio.sleep(0.05)
                client.writer.write(b"a" * 17_000)
                found = await client.reply()
                assert (found.status, found.headers["connection"]) == (431, "close")
                assert await client.ended()

    asyncio.run(scenario())


def test_the_fallback_gets_bodies_whole(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published, teapot) as (_, port):
            client = await Client.connect(port)
            for _ in range(2):
                client.send(ACME_HOST, "/subscriptions/new", "POST", content_length="100000")
                client.writer.write(b"a" * 100_000)
                raw = await asyncio.wait_for(client.reader.readuntil(b"0\r\n\r\n"), 5)
                assert raw.startswith(b"HTTP/1.1 418 ")
                assert (await client.ask(ACME_HOST, accept_encoding="gzip")).body[:2] == gzip.compress(b"")[
                    :2
                ]

    asyncio.run(scenario())


def test_a_server_that_goes_lets_idle_connections_go(published: Store) -> None:
    async def scenario() -> None:
        async with serving(published) as (_, port):
            client = await Client.connect(port)
            for _ in range(2):
                await client.ask(ACME_HOST)
        assert await client.ended()

    asyncio.run(scenario())
