"""The edge follows the store, and outlives it."""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
from pathlib import Path

import pytest

from edge import Edge
from edge.memory import Memory
from edge.pages import Pages
from store import HostEntry, Store, connect
from tests.edge.visitor import ACME_HOST, GLOBEX_HOST, HOSTS, ask, edge_over, started, teapot, until
from tests.services import any_port, valkey
from tests.store.builders import (
    ACME,
    GLOBEX,
    HOT,
    body_files,
    complete_version,
    emptied,
    opened,
    publish,
    text,
)


async def version_at(edge: Edge, version: int, host: str = ACME_HOST, page_id: str = ACME) -> bool:
    return (await ask(edge, host)).body == text(page_id, "/", version)


async def listening(edge: Edge) -> None:
    async def is_listening() -> bool:
        return edge.pages.listening

    await until(is_listening, within=5)


@pytest.mark.parametrize("lifespan", [True, False])
def test_a_published_change_is_served_at_once(tmp_path: Path, redis_url: str, lifespan: bool) -> None:
    async def scenario() -> list[float]:
        publisher = opened(tmp_path, redis_url)
        publish(publisher, 1)
        edge = edge_over(opened(tmp_path, redis_url), redis_url=redis_url)
        if lifespan:
            async with started(edge):
                return await follow(edge, publisher)
        delays = await follow(edge, publisher)
        await edge.stop()
        return delays

    async def follow(edge: Edge, publisher: Store) -> list[float]:
        assert await version_at(edge, 1)
        await listening(edge)
        delays = []
        for version in range(2, 12):
            await asyncio.to_thread(publish, publisher, version)
            delays.append(await until(lambda v=version: version_at(edge, v), within=2))  # type: ignore[misc]
        return delays

    delays = asyncio.run(scenario())
    assert sorted(delays)[len(delays) // 2] < 0.1


def test_a_mirror_fills_its_own_disk_from_messages(tmp_path: Path, redis_url: str) -> None:
    async def scenario() -> None:
        publisher = opened(tmp_path / "publisher", redis_url)
        publish(publisher, 1, GLOBEX)
        async with started(edge_over(opened(tmp_path / "mirror", redis_url), redis_url=redis_url)) as edge:
            await listening(edge)
            await asyncio.to_thread(publish, publisher, 1)
            await until(lambda: version_at(edge, 1), within=2)
            mirror = opened(tmp_path / "mirror", None)

            async def is_complete() -> bool:
                return mirror.manifest(ACME) is not None and mirror.manifest(GLOBEX) is not None

            await until(is_complete, within=2)
            assert (complete_version(mirror), complete_version(mirror, GLOBEX)) == (1, 1)

    asyncio.run(scenario())


def test_a_new_host_is_known_at_once(tmp_path: Path, redis_url: str) -> None:
    async def scenario() -> None:
        publisher = opened(tmp_path, redis_url)
        publish(publisher, 1)
        async with started(edge_over(opened(tmp_path, redis_url), redis_url=redis_url)) as edge:
            assert (await ask(edge, "status.acme.test")).status == 404
            await listening(edge)
            named = {"status.acme.test": HostEntry(ACME, "status.acme.test", "custom", True)}
            await asyncio.to_thread(publisher.put_hosts, 2, HOSTS | named)

            async def is_known() -> bool:
                return (await ask(edge, "status.acme.test")).status == 200

            assert await until(is_known, within=2) < 0.5

    asyncio.run(scenario())


def test_a_removed_page_is_gone_at_once(tmp_path: Path, redis_url: str) -> None:
    async def scenario() -> None:
        publisher = opened(tmp_path, redis_url)
        publish(publisher, 1)
        publish(publisher, 1, GLOBEX)
        async with started(edge_over(opened(tmp_path, redis_url), redis_url=redis_url)) as edge:
            assert await version_at(edge, 1)
            await listening(edge)
            await asyncio.to_thread(publisher.remove, ACME)

            async def is_gone() -> bool:
                return (await ask(edge, ACME_HOST)).status == 503

            assert await until(is_gone, within=2) < 0.5
            assert await version_at(edge, 1, GLOBEX_HOST, GLOBEX)

    asyncio.run(scenario())


def test_without_redis_the_disk_is_looked_at_within_a_second(store: Store) -> None:
    async def scenario() -> None:
        publish(store, 1)
        edge = edge_over(store)
        assert await version_at(edge, 1)
        publish(store, 2)
        store.put_hosts(2, HOSTS | {"new.localhost": HOSTS[ACME_HOST]})
        assert await until(lambda: version_at(edge, 2), within=3) < 1.3

        async def is_known() -> bool:
            return (await ask(edge, "new.localhost")).status == 200

        assert await until(is_known, within=3) < 1.3

    asyncio.run(scenario())


@pytest.mark.process
def test_pages_answer_through_a_restart_of_redis(tmp_path: Path) -> None:
    port = any_port()

    async def scenario() -> None:
        with valkey(tmp_path / "valkey", port=port) as url:
            publisher = opened(tmp_path / "store", f"{url}/1")
            publish(publisher, 1)
            edge = edge_over(opened(tmp_path / "store", f"{url}/1"), redis_url=f"{url}/1")
            assert await version_at(edge, 1)
            await listening(edge)
        await asyncio.to_thread(publish, publisher, 2)
        assert await until(lambda: version_at(edge, 2), within=5) < 2.5
        assert not edge.pages.listening
        with valkey(tmp_path / "valkey", port=port):
            await listening(edge)
            await asyncio.to_thread(publish, publisher, 3)
            assert await until(lambda: version_at(edge, 3), within=2) < 0.5
        await edge.stop()

    asyncio.run(scenario())


def test_a_disk_that_was_emptied_does_not_take_the_page_away(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        publish(store, 1)
        edge = edge_over(store)
        for path in HOT:
            assert (await ask(edge, ACME_HOST, path)).status == 200
        shutil.rmtree(tmp_path / "store")
        await asyncio.sleep(1.1)
        for path in HOT:
            assert (await ask(edge, ACME_HOST, path)).body == text(ACME, path, 1)

    asyncio.run(scenario())


def test_a_fresh_edge_with_an_empty_disk_serves_from_redis(tmp_path: Path, redis_url: str) -> None:
    async def scenario() -> None:
        publish(opened(tmp_path / "publisher", redis_url), 1)
        opened(tmp_path / "publisher", redis_url).put_hosts(1, HOSTS)
        edge = Edge(opened(tmp_path / "mirror", redis_url))
        assert await version_at(edge, 1)
        mirror = opened(tmp_path / "mirror", None)

        async def is_complete() -> bool:
            return mirror.manifest(ACME) is not None

        await until(is_complete, within=2)
        emptied(redis_url)
        assert complete_version(mirror) == 1

    asyncio.run(scenario())


def test_damaged_bodies_are_never_served(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        publish(store, 1)
        for path in body_files(tmp_path / "store"):
            path.write_bytes(path.read_bytes()[:-1])
        assert (await ask(edge_over(store), ACME_HOST)).status == 503
        assert (await ask(edge_over(store, teapot), ACME_HOST)).status == 418

    asyncio.run(scenario())


class CountingStore(Store):
    """A real store that says how often its bodies were read, and takes all its time."""

    reads = 0

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, None)
        self.may_end = threading.Event()

    def variants(self, digest: str) -> dict[str, bytes] | None:
        self.reads += 1
        assert self.may_end.wait(60)
        return super().variants(digest)


def test_a_hundred_requests_for_a_cold_document_read_it_once_and_block_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = CountingStore(tmp_path / "store")
        publish(store, 1)
        edge = edge_over(store)
        await ask(edge, ACME_HOST, "/nothing")
        waiting = [asyncio.create_task(ask(edge, ACME_HOST)) for _ in range(100)]
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        assert (await ask(edge, "nobody.test")).status == 404
        store.may_end.set()
        replies = await asyncio.gather(*waiting[1:])
        assert {reply.body for reply in replies} == {text(ACME, "/", 1)}
        assert store.reads == 1

    asyncio.run(scenario())


def test_memory_stays_within_its_budget_and_answers_stay_right(store: Store) -> None:
    async def scenario() -> None:
        publish(store, 1)
        publish(store, 1, GLOBEX)
        store.put_hosts(1, HOSTS)
        edge = Edge(store, memory=14_000)
        for _ in range(60):
            host, page_id = random.choice([(ACME_HOST, ACME), (GLOBEX_HOST, GLOBEX)])
            path = random.choice(HOT)
            assert (await ask(edge, host, path)).body == text(page_id, path, 1)
            assert used(edge.pages) <= 14_000

    def used(pages: Pages) -> int:
        return pages._pages.used + pages._bodies.used

    asyncio.run(scenario())


def test_memory_knows_no_more_pages_than_its_budget_allows(store: Store) -> None:
    async def scenario() -> None:
        names = [f"page{number}" for number in range(20)]
        for name in names:
            publish(store, 1, name)
        store.put_hosts(1, {f"{name}.test": HostEntry(name, f"{name}.test", "slug", True) for name in names})
        edge = Edge(store, memory=14_000)
        for name in names * 2:
            assert (await ask(edge, f"{name}.test")).body == text(name, "/", 1)
        assert 1 <= len(edge.pages._pages) <= 3

    asyncio.run(scenario())


def test_the_least_recently_used_goes_first() -> None:
    memory: Memory[str] = Memory(30)
    for key in "abc":
        memory.put(key, key, 10)
    assert memory.get("a") == "a"
    memory.put("d", "d", 10)
    assert [memory.get(key) for key in "abcd"] == ["a", None, "c", "d"]
    memory.put("d", "larger", 25)
    assert (memory.used, memory.values()) == (25, ["larger"])
    memory.put("e", "too large", 31)
    assert (memory.used, len(memory)) == (0, 0)


def test_what_memory_holds_never_goes_back(store: Store, tmp_path: Path) -> None:
    async def scenario() -> None:
        publish(store, 1)
        shutil.copytree(tmp_path / "store", tmp_path / "backup")
        publish(store, 2)
        edge = edge_over(store)
        for path in HOT:
            assert (await ask(edge, ACME_HOST, path)).status == 200
        shutil.rmtree(tmp_path / "store")
        shutil.copytree(tmp_path / "backup", tmp_path / "store")
        await asyncio.sleep(1.1)
        assert await version_at(edge, 2)

    asyncio.run(scenario())


def test_nonsense_on_the_channel_changes_nothing(tmp_path: Path, redis_url: str) -> None:
    async def scenario() -> None:
        store = opened(tmp_path, redis_url)
        publish(store, 1)
        async with started(edge_over(store, redis_url=redis_url)) as edge:
            await listening(edge)
            client = connect(redis_url)
            for raw in (b"", b"{}", b'{"page_id":"../x","view":"public","version":1}'):
                client.publish("store:changes", raw)
            publish(store, 2)
            await until(lambda: version_at(edge, 2), within=2)
            assert edge.pages.listening

    asyncio.run(scenario())
