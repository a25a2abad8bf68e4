"""HTTP requests to machines that strangers name: many at once, each guarded, none able to hold up the others.

One event loop in a thread of its own for the whole process, so that connections are kept from batch to batch.
"""

from __future__ import annotations

import asyncio
import atexit
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus

import aiohttp
import structlog
import uvloop
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from common import egress
from notifications.kept import keep
from notifications.posts import Post, Reply, host_of

log = structlog.get_logger(__name__)

# What a batch has under way, in all and to one host. A host has one place more for each message it takes;
# one that hangs, or has too much to do, has few.
_TOGETHER = 100
_TO_ONE_HOST, _MOST_TO_ONE_HOST = 5, 25
# Who has not answered so often in a row is not called again in the same batch.
_ENOUGH = 5
_CONNECT_WITHIN = 5.0
_LOOKED_UP_WITHIN = 5.0
# Names that no server answers for hold their own threads, not those of others.
_LOOKERS = 128
_DONE_WITHIN = 15.0
# Replies go to the thread that waits for them as many as come within so many seconds: to wake it takes longer
# than what it does with one.
_SAID_WITHIN = 0.01
_READ = 64 * 1024
_KEPT = 4 * 1024
_AGENT = "StatusPage-Notifications/1"
# The same word whether we refused or the other side did: nobody maps a network by it.
UNREACHABLE = "Unreachable"
TIMED_OUT = "TimedOut"
_starting = threading.Lock()
_Say = Callable[[Sequence[Reply]], None]


def post_all(posts: Sequence[Post], until: float) -> Generator[Reply]:
    """Send, and yield replies as they come. What has not begun by `until` (of `time.monotonic`) is left out,
    and so is the rest of what goes to a host that has not answered several times in a row.

    Follows no redirects, asks no proxies, and calls only what `common.egress` lets it.
    """
    if settings.MESSAGES_DIR:
        posts = yield from keep(posts)
    replies: queue.SimpleQueue[Sequence[Reply]] = queue.SimpleQueue()
    running = asyncio.run_coroutine_threadsafe(_Round(posts, until, replies.put).run(), _loop())
    running.add_done_callback(lambda _done: replies.put(()))
    while some := replies.get():
        yield from some
    running.result()


def _loop() -> asyncio.AbstractEventLoop:
    """One of a process, whoever asks first: sessions belong to their loop."""
    with _starting:
        return _started()


@cache
def _started() -> asyncio.AbstractEventLoop:
    loop = uvloop.new_event_loop()
    threading.Thread(target=loop.run_forever, name="posting", daemon=True).start()
    return loop


@cache
def _session() -> aiohttp.ClientSession:
    """Called in the loop alone."""
    connector = aiohttp.TCPConnector(
        resolver=_Resolver(),
        use_dns_cache=False,
        limit=0,
        limit_per_host=_MOST_TO_ONE_HOST,
        socket_factory=_socket,
    )
    timeout = aiohttp.ClientTimeout(total=_DONE_WITHIN, sock_connect=_CONNECT_WITHIN)
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"},
    )
    atexit.register(lambda: asyncio.run_coroutine_threadsafe(session.close(), _loop()).result(1))
    return session


@dataclass(slots=True)
class _Host:
    """What goes to one host, how many at once, and how many in a row it has not answered."""

    posts: deque[Post] = field(default_factory=deque)
    places: int = _TO_ONE_HOST
    silent: int = 0


class _Round:
    """Some posts, the hosts taking turns. Lives in the loop."""

    def __init__(self, posts: Sequence[Post], until: float, say: _Say) -> None:
        self._until, self._say = until, say
        hosts: dict[str, _Host] = {}
        for post in posts:
            hosts.setdefault(host_of(post.url), _Host()).posts.append(post)
        # A host stands here once for each place that nobody has taken.
        self._free = deque(host for host in hosts.values() for _ in range(min(len(host.posts), _TO_ONE_HOST)))
        self._workers = 0
        self._replies: list[Reply] = []

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._hire(group)
        finally:
            self._hand_over()

    def _hire(self, group: asyncio.TaskGroup) -> None:
        while self._workers < _TOGETHER and (turn := self._next()):
            self._workers += 1
            group.create_task(self._work(group, *turn))

    def _next(self) -> tuple[_Host, Post] | None:
        while self._free and time.monotonic() < self._until:
            host = self._free.popleft()
            if host.posts and host.silent < _ENOUGH:
                return host, host.posts.popleft()
        return None

    async def _work(self, group: asyncio.TaskGroup, host: _Host, post: Post) -> None:
        turn: tuple[_Host, Post] | None = (host, post)
        while turn:
            host, post = turn
            reply = await _post(post)
            self._note(reply)
            self._free.append(host)
            host.silent = host.silent + 1 if reply.code is None else 0
            if _has_taken(reply) and host.places < _MOST_TO_ONE_HOST:
                host.places += 1
                self._free.append(host)
                self._hire(group)
            turn = self._next()
        self._workers -= 1

    def _note(self, reply: Reply) -> None:
        if not self._replies:
            asyncio.get_running_loop().call_later(_SAID_WITHIN, self._hand_over)
        self._replies.append(reply)

    def _hand_over(self) -> None:
        if self._replies:
            replies, self._replies = self._replies, []
            self._say(replies)


def _has_taken(reply: Reply) -> bool:
    return reply.code is not None and reply.code < HTTPStatus.BAD_REQUEST


async def _post(post: Post) -> Reply:
    began = datetime.now(UTC)
    try:
        async with _session().request(
            post.method, post.url, data=post.body, headers=post.headers, allow_redirects=False
        ) as answer:
            said = await _text(answer, post.reads)
            return Reply(post.number, began, answer.status, said, headers=answer.headers)
    except TimeoutError:
        return Reply(post.number, began, error=TIMED_OUT)
    except (aiohttp.ClientError, OSError, ValueError):
        return Reply(post.number, began, error=UNREACHABLE)
    except Exception as error:
        # What one host brings about is not what becomes of the requests that are under way to others.
        log.exception("notifications.post_failed")
        return Reply(post.number, began, error=type(error).__name__)


async def _text(answer: aiohttp.ClientResponse, most: int | None) -> str:
    """The first `most` bytes of it, or how it begins. The status counts, also where the rest never comes."""
    said = b""
    try:
        said = await answer.content.read(_READ)
        while most and len(said) < most and (more := await answer.content.read(most - len(said))):
            said += more
    except (TimeoutError, aiohttp.ClientError):
        return ""
    return said[: most or _KEPT].decode("utf-8", "replace")


@cache
def _lookers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_LOOKERS, thread_name_prefix="looking up")


class _Resolver(AbstractResolver):
    """Looks a name up once, and refuses it where any answer is not of the open internet."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        looking_up = loop.run_in_executor(_lookers(), egress.look_up, host, port)
        answers = await asyncio.wait_for(looking_up, _LOOKED_UP_WITHIN)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address in answers
        ]

    async def close(self) -> None:
        """There is nothing to let go."""


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """The last look before dialling: also sees addresses that nobody had to look up."""
    family, kind, proto, _name, target = address
    if not egress.is_open(str(target[0])):
        raise egress.Forbidden(target[0])
    return socket.socket(family, kind, proto)
