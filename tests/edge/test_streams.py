"""How long streams last, how many there may be, and what becomes of who does not take what it is sent."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from edge import Edge
from edge.channels import LARGEST_EVENT, Channel, resync
from edge.request import Message
from edge.stream_asgi import AsgiStream
from edge.stream_line import LineStream
from edge.streams import Limits
from store import Store
from tests.clocks import Stopwatch
from tests.edge.streaming import QUICK, Follower, either_server, publish_page, serving, started
from tests.edge.visitor import ACME_HOST, HOSTS, until
from tests.services import any_port
from tests.store.builders import ACME


def test_a_page_that_is_taken_away_ends_its_streams(store: Store) -> None:
    async def scenario() -> None:
        publish_page(store, 1)
        async with serving(store) as (edge, port):
            follower = await Follower.connect(port)
            await follower.event()
            store.remove(ACME)
            await follower.ended(2)
            assert edge.streams.count == 0

    asyncio.run(scenario())


def test_an_address_has_so_many_streams_and_no_more(store: Store) -> None:
    async def scenario() -> None:
        publish_page(store, 1)
        limits = Limits(streams=5, per_address=3)
        async with serving(store, limits=limits) as (edge, port):
            followers = [await Follower.connect(port) for _ in range(4)]
            assert [one.status for one in followers] == [200, 200, 200, 429]
            assert followers[3].headers["retry-after"] == "60"
            followers[0].leave()

            async def is_gone() -> bool:
                return edge.streams.count == 2

            await until(is_gone, within=2)
            assert (await Follower.connect(port)).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("addresses", "statuses"),
    [
        (["192.0.2.1", "192.0.2.1", "192.0.2.2"], [200, 429, 200]),
        # Of IPv6 one visitor has a whole network.
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::9", "2001:db8:0:2::1"], [200, 429, 200]),
        # A server that listens for both kinds spells an IPv4 address so.
        (["::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.1"], [200, 200, 429]),
        # What is said by who is no proxy of ours would be theirs to choose; ours is the last that is not.
        (["198.51.100.7, 192.0.2.1", "203.0.113.9, 192.0.2.1"], [200, 429]),
    ],
)
def test_addresses_are_those_that_a_proxy_before_us_names(
    store: Store, addresses: list[str], statuses: list[int]
) -> None:
    async def scenario() -> None:
        publish_page(store, 1)
        async with serving(store, limits=Limits(per_address=1)) as (_, port):
            followers = [await Follower.connect(port, x_forwarded_for=one) for one in addresses]
            assert [one.status for one in followers] == statuses

    asyncio.run(scenario())


def test_a_process_has_so_many_streams_and_no_more(store: Store) -> None:
    async def scenario() -> None:
        publish_page(store, 1)
        async with serving(store, limits=Limits(streams=2)) as (edge, port):
            followers = [await Follower.connect(port) for _ in range(3)]
            assert [one.status for one in followers] == [200, 200, 503]
            assert edge.streams.count == 2

    asyncio.run(scenario())


def test_who_does_not_read_is_dropped_and_holds_up_nobody(store: Store) -> None:
    async def scenario() -> None:
        publish_page(store, 1, one="a")
        async with serving(store) as (edge, port):
            follower = await Follower.connect(port)
            gc.collect()  # Connections of other tests would be closed meanwhile.
            before = open_files()
            with deaf(port):
                await until(partial(has_streams, edge, 2), within=2)
                waiting, watch, version = [], Stopwatch(), 1
                while edge.streams.count == 2:
                    version += 1
                    publish_page(store, version, one=f"{version:05}" * 9_000)
                    await edge.pages._look_at_page(ACME)
                    assert (await follower.change(1)).id == version
                    waiting.append(unsent(edge))
                    assert watch.seconds < 20
                # However many versions there were: what the system would not take, and one event.
                assert max(waiting) < 64 * 1024 + LARGEST_EVENT

                async def its_connection_is_closed() -> bool:
                    return open_files() <= before + 1

                await until(its_connection_is_closed, within=2)

    asyncio.run(scenario())


def test_for_who_takes_nothing_nothing_is_kept(store: Store) -> None:
    async def scenario() -> None:
        room = asyncio.Event()
        sent: list[bytes] = []

        async def send(message: Message) -> None:
            sent.append(message["body"])
            await room.wait()

        channel = Channel(1, None, "")
        stream = AsgiStream(channel, 1, "", set(), 0.0, send)
        for version in range(2, 200):
            channel.advance(version, None, b"")
            stream.tell()
            stream.beat()
        assert sent == [resync(2)]
        room.set()
        await asyncio.sleep(0.01)
        # Then where to go on from, and that it is there still.
        assert sent[1:] == [resync(199), channel.beat.body]
        room.clear()
        stream.beat()
        stream.end()
        assert sent[3:] == [channel.beat.body]
        room.set()
        await asyncio.sleep(0.01)
        assert sent[4:] == [b""]

    asyncio.run(scenario())


@contextmanager
def deaf(port: int) -> Iterator[None]:
    """A client that follows and reads nothing."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(f"GET /events HTTP/1.1\r\nHost: {ACME_HOST}\r\n\r\n".encode())
        yield


async def has_streams(edge: Edge, count: int) -> bool:
    return edge.streams.count == count


def unsent(edge: Edge) -> int:
    """The most bytes that wait for a client."""
    streams = [stream for turn in edge.streams._turns for stream in turn if isinstance(stream, LineStream)]
    assert streams
    return max(stream._transport.get_write_buffer_size() for stream in streams)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@either_server
def test_streams_end_by_themselves_but_not_together(store: Store, http: str) -> None:
    async def scenario() -> None:
        publish_page(store, 1)
        limits = Limits(lasting=(0.3, 1.5), beat=0.1)
        async with serving(store, limits=limits, http=http) as (edge, port):
            followers = [await Follower.connect(port) for _ in range(20)]
            lives = await asyncio.gather(*[one.ended() for one in followers])
            assert min(lives) > 0.2
            assert max(lives) - min(lives) > 0.5
            assert edge.streams.count == 0

    asyncio.run(scenario())


def test_silence_is_broken_by_a_sign_of_life(store: Store) -> None:
    async def scenario() -> None:
        publish_page(store, 7)
        async with serving(store) as (_, port):
            follower = await Follower.connect(port)
            await follower.event()
            watch = Stopwatch()
            beats = [await follower.event() for _ in range(4)]
            assert {(one.kind, one.id, one.data) for one in beats} == {("beat", None, 7)}
            assert watch.seconds < 4 * (QUICK.beat + 0.3)
            assert beats[-1].at - beats[0].at > 2 * QUICK.beat

    asyncio.run(scenario())


@pytest.mark.process
@either_server
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_go_ends_its_streams_and_they_come_back(
    store: Store, tmp_path: Path, number: signal.Signals, http: str
) -> None:
    async def scenario() -> None:
        publish_page(store, 1, one="a")
        store.put_hosts(1, HOSTS)
        port = any_port()
        with running(started(tmp_path / "store", port, http)) as process:
            await reached(port)
            followers = [await Follower.connect(port) for _ in range(20)]
            assert [(await one.event()).kind for one in followers] == ["beat"] * 20
            process.send_signal(number)
            await asyncio.gather(*[one.ended(1) for one in followers])
            await asyncio.to_thread(process.wait, 30)
        # Not all at once, and each by itself.
        pauses = {one.retry for one in followers}
        assert len(pauses) > 10
        assert max(pauses) - min(pauses) > 1_000
        publish_page(store, 2, one="b")
        with running(started(tmp_path / "store", port, http)):
            await reached(port)
            for _ in followers:
                found = await (await Follower.connect(port, query="?v=1")).event()
                # After a restart nothing is known of what went before.
                assert (found.kind, found.data) == ("resync", {"version": 2})

    asyncio.run(scenario())


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def reached(port: int) -> Follower:
    for _ in range(500):
        try:
            return await Follower.connect(port)
        except OSError:
            await asyncio.sleep(0.02)
    message = "The server never came."
    raise AssertionError(message)
