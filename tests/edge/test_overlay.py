"""What nobody confirms any more says so itself, in every form and cache, until somebody does."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from edge import Edge
from publishing import render
from store import Document, Store
from tests.edge.streaming import QUICK, Follower, publish_page, serving
from tests.edge.visitor import ACME_HOST, HOSTS, ask, edge_over, started, until
from tests.publishing import samples
from tests.store.builders import ACME, manifest, opened

STATUS = {"page": {"id": ACME}, "status": {"indicator": "none", "description": "Alles gut ✓"}}
JSON = "application/json; charset=utf-8"
LONG_AGO = datetime(2026, 11, 20, 5, 30, 15, tzinfo=UTC)
DECODED = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.ZstdDecompressor().decompress,
    "identity": bytes,
}


def documents() -> list[Document]:
    return [
        render.render_status(samples.stormy()),
        render.render_not_found(samples.stormy().page),
        Document("/api/v2/status.json", json.dumps(STATUS).encode(), JSON),
        Document("/list.json", b"[1]", JSON),
        Document("/history.atom", b"<feed><!--notice--></feed>", "application/atom+xml"),
    ]


@asynccontextmanager
async def beaten(store: Store, at: datetime | None, stale_after: float = 120.0) -> AsyncIterator[Edge]:
    """An edge that has looked at a heartbeat of that time."""
    new = documents()
    store.put(manifest(1, new), new)
    store.put_hosts(1, HOSTS)
    if at is not None:
        store.beat(at)
    async with started(Edge(store, stale_after=stale_after)) as edge:
        await edge.heart._look(datetime.now(UTC))
        yield edge


@pytest.mark.parametrize("age", [None, timedelta(seconds=5), timedelta(seconds=110), timedelta(hours=-2)])
def test_what_is_confirmed_is_served_as_it_is(store: Store, age: timedelta | None) -> None:
    async def scenario() -> None:
        async with beaten(store, None if age is None else datetime.now(UTC) - age) as edge:
            for document in documents():
                reply = await ask(edge, ACME_HOST, document.path)
                assert reply.body == document.body
                assert reply.headers["etag"] == f'"{document.hash[:32]}"'

    asyncio.run(scenario())


def test_a_heartbeat_of_a_clock_that_was_set_back_since_counts_from_when_it_was_seen(store: Store) -> None:
    async def scenario() -> None:
        now = datetime.now(UTC)
        async with beaten(store, now + timedelta(hours=1)) as edge:
            for seconds, is_stale in ((0, False), (110, False), (140, True)):
                await edge.heart._look(now + timedelta(seconds=seconds))
                assert (edge.heart.overlay is not None) == is_stale

    asyncio.run(scenario())


def test_what_nobody_confirms_for_two_minutes_says_since_when(store: Store) -> None:
    async def scenario() -> None:
        async with beaten(store, LONG_AGO) as edge:
            for path in ("/", "/nowhere"):
                page = (await ask(edge, ACME_HOST, path)).body.decode()
                assert (
                    '<p class="notice" id="notice" role="status">'
                    "This page may be out of date. Last confirmed: "
                    '<time datetime="2026-11-20T05:30:15Z" data-rel>2026-11-20 05:30 UTC</time></p>'
                ) in page
                assert page.index('id="notice"') < page.index("<main")
            status = await ask(edge, ACME_HOST, "/api/v2/status.json")
            assert json.loads(status.body) == STATUS | {"stale_as_of": "2026-11-20T05:30:15Z"}
            assert (await ask(edge, ACME_HOST, "/list.json")).body == b"[1]"
            assert (await ask(edge, ACME_HOST, "/history.atom")).body == documents()[-1].body

    asyncio.run(scenario())


@pytest.mark.parametrize("encoding", sorted(DECODED))
def test_caches_tell_the_old_page_from_the_one_that_says_so(store: Store, encoding: str) -> None:
    async def scenario() -> None:
        async with beaten(store, LONG_AGO) as edge:
            stale = await ask(edge, ACME_HOST, accept_encoding=encoding)
            assert stale.headers.get("content-encoding", "identity") == encoding
            assert b'id="notice"' in DECODED[encoding](stale.body)
            etag = stale.headers["etag"]
            assert (await ask(edge, ACME_HOST, accept_encoding=encoding, if_none_match=etag)).status == 304

            store.beat(datetime.now(UTC))
            await edge.heart._look(datetime.now(UTC))
            fresh = await ask(edge, ACME_HOST, accept_encoding=encoding, if_none_match=etag)
            assert fresh.status == 200
            assert DECODED[encoding](fresh.body) == documents()[0].body
            assert fresh.headers["etag"] != etag

    asyncio.run(scenario())


def test_a_notice_is_in_the_language_of_its_page(store: Store) -> None:
    async def scenario() -> None:
        async with beaten(store, LONG_AGO) as edge:
            german = Document("/", b'<!--notice--><main data-old="Alt &amp; grau:">', "text/html")
            store.put(manifest(2, [german]), [german])
            await edge.pages._look_at_page(ACME)
            assert b"Alt &amp; grau: <time" in (await ask(edge, ACME_HOST)).body

    asyncio.run(scenario())


def test_a_notice_is_written_once_however_many_ask(store: Store) -> None:
    async def scenario() -> None:
        async with beaten(store, LONG_AGO) as edge:
            overlay = edge.heart.overlay
            assert overlay is not None
            manifest = store.manifest(ACME)
            assert manifest is not None
            entry = manifest.entries["/"]
            body = await edge.pages.body(entry.hash)
            assert body is not None
            made = [edge.pages.overlaid(body, entry, "/", overlay) for _ in range(20)]
            assert len({id(one) for one in await asyncio.gather(*made)}) == 1

    asyncio.run(scenario())


def test_the_edge_finds_out_by_itself_and_tells_who_watches(store: Store) -> None:
    async def scenario() -> None:
        publish_page(store, 1)
        store.beat(datetime.now(UTC))
        async with serving(store, limits=QUICK, stale_after=1.0) as (_, port):
            follower = await Follower.connect(port)
            assert (await follower.event()).data == 1
            event = await follower.event()
            while event.data == 1:
                event = await follower.event()
            version, mark = event.data.split()
            assert (version, mark[:2]) == ("1", "-o")
            store.beat(datetime.now(UTC) + timedelta(seconds=10))
            while event.data != 1:
                event = await follower.event()

    asyncio.run(scenario())


def test_a_mirror_knows_how_old_it_is_when_redis_is_away(tmp_path: Path, redis_url: str) -> None:
    opened(tmp_path / "publisher", redis_url).beat(LONG_AGO)
    assert opened(tmp_path / "mirror", redis_url).pull_beat() == LONG_AGO
    assert opened(tmp_path / "mirror", None).last_beat() == LONG_AGO


def test_what_was_confirmed_once_is_not_forgotten(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with beaten(store, LONG_AGO) as edge:
            (tmp_path / "store" / "heartbeat").unlink()
            await edge.heart._look(datetime.now(UTC))
            assert edge.heart.overlay is not None

    asyncio.run(scenario())


def test_an_edge_without_a_heartbeat_goes_on(store: Store, tmp_path: Path) -> None:
    async def scenario() -> Any:
        publish_page(store, 1)
        (tmp_path / "store" / "heartbeat").mkdir()
        async with started(edge_over(store)) as edge:

            async def answers() -> bool:
                return (await ask(edge, ACME_HOST)).status == 200

            await until(answers, within=2)
            assert edge.heart.overlay is None

    asyncio.run(scenario())
