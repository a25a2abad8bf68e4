"""The edge: answers for page hosts out of the store, whatever else is down."""

import asyncio
import logging
from dataclasses import replace

from edge import answers
from edge.answers import Answer, Headers
from edge.asked import HISTORY, document_path, is_negotiated
from edge.bodies import Body
from edge.channels import Channel, Channels
from edge.emergency import Watch
from edge.heart import STALE_AFTER, Heart
from edge.hosts import API, alone, asked_host, is_elsewhere
from edge.leaving import Leaving
from edge.listener import Listener
from edge.missing import Missing
from edge.negotiation import matches
from edge.overlays import Overlays
from edge.pages import Pages
from edge.ready import SHELF, Basis, Ready, Shelf
from edge.request import ASGIApp, Receive, Request, Scope, Send, read, refusal
from edge.streams import PATH as EVENTS
from edge.streams import Limits, Streams
from store import Entry, HostEntry, Manifest, Store, StoreError
from store.emergency import RESERVED

NOT_FOUND_PATH = "/404"
UNAVAILABLE_PATH = "/503"
FRAME = "/embed/frame"
MEMORY = 256 * 2**20
# Documents that are made after the rest of their page.
_COLD = (
    "/incidents/",
    "/history/",
    "/uptime/",
    "/components/",
    "/metrics/",
    "/metrics-display/",
    f"{HISTORY}?",
)

logger = logging.getLogger(__name__)


class Edge:
    """An ASGI application over `store`.

    `fallback` gets what the edge does not own: the paths of subscribers, and pages that the store lacks.
    Without one these are answered with 503. `redis_url` brings changes within milliseconds; without it, or
    while it is away, the disk is looked at once a second. `memory` is the budget for manifests and bodies, in
    bytes; `limits` are those of event streams; documents are stale so many seconds after the last heartbeat.
    `emergency_key` is what emergency notices are checked with; without it none is shown.
    """

    def __init__(
        self,
        store: Store,
        fallback: ASGIApp | None = None,
        *,
        redis_url: str = "",
        memory: int = MEMORY,
        limits: Limits | None = None,
        stale_after: float = STALE_AFTER,
        emergency_key: str = "",
    ) -> None:
        self.pages = Pages(store, memory * 3 // 4)
        self.channels = Channels(self.pages)
        self.streams = Streams(self.channels, limits or Limits())
        self.heart = Heart(store, self.channels.show, stale_after)
        self.watch = Watch(store, emergency_key, self.channels.show)
        self.overlays = Overlays(self.heart, self.watch)
        self.channels.mark_of = self.overlays.mark_of
        self.pages.on_notice = self.watch.ask
        self.shelf = Shelf(self.pages, self.overlays, memory // 4)
        self._leaving = Leaving(self.streams.close)
        self._fallback = fallback
        self._missing = Missing(fallback, self.pages.doubt) if fallback is not None else None
        self._redis_url = redis_url
        self._tasks: list[asyncio.Task[None]] = []
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            channel = await self._serve(scope, receive, send)
            if channel is not None:
                await self.streams.follow(channel, scope, receive, send)
        elif scope["type"] == "lifespan":
            scope.get("state", {})[SHELF] = self.shelf
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    # Life

    def start(self) -> None:
        """Listen for changes; called by the first request where the server knows no lifespan."""
        if not self._started:
            self._started = True
            running = (self.channels.run(), self.streams.run(), self.heart.run(), self.watch.run())
            self._tasks += [asyncio.create_task(one) for one in running]
            if self._redis_url:
                self._tasks.append(asyncio.create_task(Listener(self._redis_url, self.pages).run()))

    async def stop(self) -> None:
        self._leaving.forget()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.channels.stop()
        await self.pages.stop()
        self._tasks, self._started = [], False

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._leaving.watch()
                self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    # Requests

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> Channel | None:
        """The channel to follow, where that is the answer."""
        if not self._started:
            self.start()
        refused = refusal(scope)
        if refused:
            await answers.answer(send, answers.REFUSED[refused])
            return None
        request = read(scope)
        found: Answer | Channel | None
        if request.path == EVENTS:
            found = await self._channel(request, scope)
        else:
            found = await self._answer(request)
        if isinstance(found, Channel):
            return found
        if found is not None:
            await answers.answer(send, found, head=request.method == "HEAD")
        elif self._fallback is None:
            await answers.answer(send, await self._alone(request), head=request.method == "HEAD")
        elif request.path.startswith(RESERVED):
            await answers.answer(send, answers.NOT_FOUND, head=request.method == "HEAD")
        elif self._missing is None or is_elsewhere(request.path) or request.method not in {"GET", "HEAD"}:
            await self._fallback(scope, receive, send)
        else:
            found = await self._missing.answer(scope, request)
            await answers.answer(send, found, head=request.method == "HEAD")
        return None

    async def _answer(self, request: Request) -> Answer | None:
        """None for what is the fallback's."""
        try:
            hosts = await self.pages.hosts()
            if hosts is None:
                return None
            host = asked_host(hosts, request)
            if not isinstance(host, HostEntry):
                return host
            manifest = await self.pages.page(host.page_id)
            if manifest is None:
                return None
            overlay = self.overlays.of(host.page_id)
            return await self._document(request, Basis(hosts, host.page_id, manifest, overlay))
        except (OSError, StoreError):
            logger.exception("The store failed on %s%s", request.host, request.path)
            return None

    async def _alone(self, request: Request) -> Answer:
        """The answer to what only the fallback could do, where there is none: the page's own, if there is."""
        if not is_elsewhere(request.path) or request.path.startswith("/api/"):
            return alone(request.path)
        own = await self._answer(replace(request, method="GET", path=UNAVAILABLE_PATH, if_none_match=b""))
        return answers.refusing(own) if own is not None and own.status == 503 else alone(request.path)

    async def _channel(self, request: Request, scope: Scope) -> Channel | Answer:
        """The page whose changes are asked for."""
        try:
            hosts = await self.pages.hosts()
            host = asked_host(hosts, request) if hosts is not None else None
        except (OSError, StoreError):
            logger.exception("The store failed on %s%s", request.host, request.path)
            host = None
        if not isinstance(host, HostEntry):
            return host or answers.PREPARING
        return (
            await self.streams.channel(scope, host.page_id)
            if request.method == "GET"
            else answers.NOT_ALLOWED
        )

    async def _document(self, request: Request, basis: Basis) -> Answer | None:
        asked = document_path(request, basis.manifest.entries)
        path = shown_path(asked, basis)
        entry = named(basis.manifest, path)
        if is_awaited(basis.manifest, path):
            return None
        if entry is None:
            return answers.NOT_FOUND
        body = await self._body(entry, path, basis)
        if body is None:
            return None
        variant = body.chosen(request.accept_encoding)
        cache = answers.OWN if is_negotiated(request, asked) else lifetime(path, entry)
        headers = common(basis.page_id, path, entry, variant.etag, cache)
        own = [(b"content-type", entry.type.encode()), *variant.headers]
        if request.key is not None and entry.status == 200:
            self.shelf.keep(request.key, Ready.of(basis, variant, headers, own))
        if entry.status == 200 and request.if_none_match and matches(request.if_none_match, variant.etag):
            return Answer(304, headers, b"")
        return Answer(entry.status, headers + own, variant.data)

    async def _body(self, entry: Entry, path: str, basis: Basis) -> Body | None:
        body, overlay = await self.pages.body(entry.hash), basis.overlay
        if body is None or overlay is None or not overlay.fits(path, entry.type):
            return body
        return await self.pages.overlaid(body, entry, path, overlay)


def shown_path(path: str, basis: Basis) -> str:
    """The path, or that of the document which stands in for it now."""
    if path.startswith(RESERVED):
        return NOT_FOUND_PATH
    instead = basis.overlay.stand_in(path) if basis.overlay is not None else None
    return instead if instead is not None and instead in basis.manifest.entries else path


def named(manifest: Manifest, path: str) -> Entry | None:
    """The path's entry, with or without a slash at its end, or that of the page's own 404."""
    entries = manifest.entries
    return entries.get(path) or entries.get(path.removesuffix("/")) or entries.get(NOT_FOUND_PATH)


def is_awaited(manifest: Manifest, path: str) -> bool:
    """Whether the page has no such document yet, but may be about to."""
    known = path in manifest.entries or path.removesuffix("/") in manifest.entries
    return bool(manifest.awaited) and not known and path.startswith(_COLD)


def common(page_id: str, path: str, entry: Entry, etag: bytes, cache: bytes) -> Headers:
    """What a 200 and its 304 have in common."""
    headers = [
        (b"etag", etag),
        (b"cache-control", cache),
        (b"vary", b"Accept-Encoding"),
        *answers.labels(page_id),
        *(answers.FRAMED if path == FRAME else answers.GUARDS),
    ]
    # What machines read may be read from any site's scripts.
    if path.startswith(API) or not entry.type.startswith("text/html"):
        headers.append((b"access-control-allow-origin", b"*"))
    return headers


def lifetime(path: str, entry: Entry) -> bytes:
    if entry.status != 200:
        return answers.BRIEFLY
    return answers.FOREVER if path.startswith("/assets/") else answers.FRESH
