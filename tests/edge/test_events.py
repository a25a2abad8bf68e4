"""`/events`: whoever has a page open hears of its changes, of all of them, and of no others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.channels import KEPT_EVENTS, LARGEST_EVENT, Channel
from store import Store
from tests.clocks import Stopwatch
from tests.edge.streaming import Follower, either_server, publish_page, serving
from tests.edge.visitor import DRAFT_HOST, GLOBEX_HOST, until
from tests.store.builders import ACME, GLOBEX, opened


def put(store: Store, version: int, page_id: str = ACME, **parts: str) -> None:
    publish_page(store, version, page_id, **parts)


@either_server
def test_a_change_tells_what_changed_and_nothing_else(store: Store, http: str) -> None:
    async def scenario() -> None:
        put(store, 1, one="a", two="b")
        async with serving(store, http=http) as (_, port):
            follower = await Follower.connect(port)
            assert (await follower.event()).data == 1
            put(store, 4, one="a", two="c")
            event = await follower.change()
            assert (event.kind, event.id) == ("change", 4)
            assert event.data == {
                "version": 4,
                "prev": 1,
                "indicator": "minor",
                "description": "Minor trouble",
                "title": "At 4",
                "icon": "/assets/icon-1.svg",
                "fragments": {
                    "now": '<div id="now" data-live data-version="4" data-indicator="minor">'
                    '<h1 id="state">Minor trouble</h1></div>',
                    "two": '<p id="two" data-live>c</p>',
                },
            }
            assert (await follower.event()).data == 4

    asyncio.run(scenario())


def test_a_stream_says_how_it_wants_to_be_treated(store: Store) -> None:
    async def scenario() -> None:
        put(store, 1)
        async with serving(store) as (_, port):
            follower = await Follower.connect(port)
            await follower.event()
            assert follower.status == 200
            assert follower.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert follower.headers["cache-control"] == "no-store"
            assert follower.headers["x-accel-buffering"] == "no"
            assert 1_000 <= follower.retry <= 4_000

    asyncio.run(scenario())


@pytest.mark.parametrize(("host", "status"), [("nobody.test", 404), (DRAFT_HOST, 404), (GLOBEX_HOST, 503)])
def test_there_is_nothing_to_follow_where_there_is_no_page(store: Store, host: str, status: int) -> None:
    async def scenario() -> None:
        put(store, 1)
        async with serving(store) as (_, port):
            assert (await Follower.connect(port, host)).status == status

    asyncio.run(scenario())


def test_with_redis_every_change_arrives_at_once(tmp_path: Path, redis_url: str) -> None:
    async def scenario() -> list[float]:
        publisher = opened(tmp_path / "publisher", redis_url)
        put(publisher, 1, one="a")
        mirror = opened(tmp_path / "mirror", redis_url)
        async with serving(mirror, redis_url=redis_url) as (edge, port):

            async def is_listening() -> bool:
                return edge.pages.listening

            await until(is_listening, within=5)
            follower = await Follower.connect(port)
            delays = []
            for version in range(2, 12):
                await asyncio.to_thread(put, publisher, version, one=f"a{version}")
                watch = Stopwatch()
                event = await follower.change()
                delays.append(watch.seconds)
                assert (event.id, event.data["prev"]) == (version, version - 1)
            return delays

    assert sorted(asyncio.run(scenario()))[5] < 0.2


def test_without_redis_a_change_arrives_within_a_second(store: Store) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        async with serving(store) as (_, port):
            follower = await Follower.connect(port)
            for version in (2, 3):
                put(store, version, one=f"a{version}")
                await follower.change(1.5)

    asyncio.run(scenario())


@either_server
def test_who_comes_back_is_told_what_it_missed(store: Store, http: str) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        async with serving(store, http=http) as (_, port):
            watching = await Follower.connect(port)
            for version in (2, 5, 9):
                put(store, version, one=f"a{version}")
                await watching.change()

            back = await Follower.connect(port, last_event_id="2", query="?v=1")
            assert [((e := await back.change()).id, e.data["prev"]) for _ in "ab"] == [(5, 2), (9, 5)]
            shown = await Follower.connect(port, query="?v=5")
            assert (await shown.change()).data["prev"] == 5
            current = await Follower.connect(port, query="?v=9")
            assert ((e := await current.event()).kind, e.data) == ("beat", 9)

    asyncio.run(scenario())


@pytest.mark.parametrize("version", ["0", "3", "12", "999999999999999"])
def test_who_has_another_version_is_told_to_fetch_the_page(store: Store, version: str) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        async with serving(store) as (_, port):
            watching = await Follower.connect(port)
            put(store, 4, one="b")
            await watching.change()
            event = await (await Follower.connect(port, query=f"?v={version}")).event()
            assert (event.kind, event.id, event.data) == ("resync", 4, {"version": 4})

    asyncio.run(scenario())


@pytest.mark.parametrize("query", ["", "?v=", "?v=x", "?v=-1", "?v=" + "9" * 400, "?w=3", "?v=%00", "?v=%ff"])
def test_who_names_no_version_has_the_current_one(store: Store, query: str) -> None:
    async def scenario() -> None:
        put(store, 4, one="a")
        async with serving(store) as (_, port):
            assert (await (await Follower.connect(port, query=query)).event()).kind == "beat"

    asyncio.run(scenario())


def test_what_is_kept_for_those_who_come_back_is_bounded(store: Store) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        async with serving(store) as (edge, port):
            follower = await Follower.connect(port)
            channel = await edge.channels.of(ACME)
            assert channel is not None
            for version in range(2, KEPT_EVENTS + 10):
                put(store, version, one=f"{version}" * 2_000)
                await edge.pages._look_at_page(ACME)
                await follower.change()
                assert len(kept(channel)) < 64_000
                assert len(channel._steps) <= KEPT_EVENTS
            assert kept(channel).startswith(b"id: 25\nevent: resync")

    asyncio.run(scenario())


def kept(channel: Channel) -> bytes:
    """What is said to who has the first version."""
    news = channel.since(1)
    assert news is not None
    return news.body


def test_a_change_of_too_much_is_a_call_to_fetch_the_page(store: Store) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        async with serving(store) as (_, port):
            follower = await Follower.connect(port)
            put(store, 2, one="b" * LARGEST_EVENT)
            assert (await follower.change()).kind == "resync"
            put(store, 3, one="c")
            assert (await follower.change()).data["fragments"]["one"] == '<p id="one" data-live>c</p>'

    asyncio.run(scenario())


def test_nobody_hears_of_another_page(store: Store) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        put(store, 1, GLOBEX, one="canary")
        async with serving(store) as (_, port):
            ours, theirs = await Follower.connect(port), await Follower.connect(port, GLOBEX_HOST)
            for version in (2, 3):
                put(store, version, GLOBEX, one=f"canary {version}")
                assert "canary" in (await theirs.change()).data["fragments"]["one"]
            put(store, 2, one="b")
            event = await ours.event()
            while event.kind == "beat":
                assert event.data == 1
                event = await ours.event()
            assert event.id == 2
            assert "canary" not in str(event.data)

    asyncio.run(scenario())


def test_the_archive_of_a_version_is_no_news(store: Store) -> None:
    async def scenario() -> None:
        put(store, 1, one="a")
        async with serving(store) as (_, port):
            follower = await Follower.connect(port)
            publish_page(store, 1, release=1, one="a")
            put(store, 2, one="b")
            assert (await follower.change()).id == 2

    asyncio.run(scenario())
