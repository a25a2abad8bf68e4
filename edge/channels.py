"""What watchers of a page are told: for each new version one event, made once for all of them."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from edge.fragments import Outline, changed, outline
from edge.pages import Pages
from edge.stream import Chunk, Stream, chunk
from edge.work import Again, Once
from store import Manifest

# An event larger than this is not sent to everybody: fetching the page anew, compressed, costs less.
LARGEST_EVENT = 48_000
# Events kept for those who come back, of a page.
KEPT_EVENTS, KEPT_BYTES = 16, 64_000
# Seconds for which a page that nobody watches keeps them, and those between two looks at all watched pages.
_PATIENCE, _LOOK = 60.0, 0.2
# Watchers woken before other requests get their turn.
_AT_ONCE = 200

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """From one version to a later one; coalescing may have skipped some in between."""

    prev: int
    version: int
    chunk: Chunk


class Channel:
    """One page: its version, the last steps to it, and who watches."""

    def __init__(self, version: int, shape: Outline | None, mark: str) -> None:
        self.version = version
        self.watchers: set[Stream] = set()
        self.left_at = time.monotonic()
        self._shape = shape
        self._mark = mark
        self._steps: deque[Step] = deque(maxlen=KEPT_EVENTS)
        self.beat = beat(version, mark)

    def advance(self, version: int, shape: Outline | None, body: bytes) -> None:
        self._steps.append(Step(self.version, version, chunk(self._event(version, shape, body))))
        while sum(len(step.chunk.body) for step in self._steps) > KEPT_BYTES:
            self._steps.popleft()
        self.version, self._shape = version, shape
        self.beat = beat(version, self._mark)

    def since(self, version: int) -> Chunk | None:
        """What brings a client from `version` to the page's: nothing, some steps, or the call to fetch it."""
        if self._steps and self._steps[-1].prev == version:
            return self._steps[-1].chunk
        if version == self.version:
            return None
        chunks = []
        for step in self._steps:
            if step.prev == version:
                chunks.append(step.chunk.body)
                version = step.version
        return chunk(b"".join(chunks) if version == self.version else resync(self.version))

    async def tell(self) -> None:
        """Everybody, of the new version."""
        await self._each(lambda stream: stream.tell())

    async def show(self, mark: str) -> None:
        """Tell everybody of the overlay over the page's documents, for scripts that would like to show it."""
        if mark == self._mark:
            return
        self._mark = mark
        self.beat = beat(self.version, mark)
        await self._each(lambda stream: stream.beat())

    async def _each(self, work: Callable[[Stream], None]) -> None:
        for number, stream in enumerate(list(self.watchers), start=1):
            work(stream)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def end(self) -> None:
        for stream in list(self.watchers):
            stream.end()

    def is_forgotten(self) -> bool:
        return not self.watchers and time.monotonic() - self.left_at > _PATIENCE

    def _event(self, version: int, shape: Outline | None, body: bytes) -> bytes:
        fragments = changed(self._shape, shape, body) if self._shape and shape else None
        if shape is None or fragments is None:
            return resync(version)
        data = {
            "version": version,
            "prev": self.version,
            "indicator": shape.indicator,
            "description": shape.description,
            "title": shape.title,
            "icon": shape.icon,
            "fragments": fragments,
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        event = b"id: %d\nevent: change\ndata: %b\n\n" % (version, text)
        return event if len(event) <= LARGEST_EVENT else resync(version)


def beat(version: int, mark: str) -> Chunk:
    """A sign of life that scripts, unlike a comment, can see: the version, and the overlay's mark."""
    return chunk(b"event: beat\ndata: %b\n\n" % f"{version} {mark}".rstrip().encode())


def resync(version: int) -> bytes:
    return b'id: %d\nevent: resync\ndata: {"version":%d}\n\n' % (version, version)


class Channels:
    """Every page that somebody watches."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._channels: dict[str, Channel] = {}
        self._once = Once()
        self._again = Again()
        # The mark of the overlay over a page's documents; empty while there is none.
        self.mark_of: Callable[[str], str] = lambda _page_id: ""
        pages.on_look = self._looked

    async def of(self, page_id: str) -> Channel | None:
        """None where the store has no such page."""
        if page_id not in self._channels:
            await self._once.run(page_id, lambda: self._open(page_id))
        return self._channels.get(page_id)

    async def run(self) -> None:
        """Look at what is watched, until cancelled: messages get lost, and without Redis there are none."""
        while True:
            await asyncio.sleep(_LOOK)
            for page_id, channel in list(self._channels.items()):
                if channel.is_forgotten():
                    del self._channels[page_id]
                elif self._pages.is_due(page_id):
                    self._again.ask(page_id, lambda page_id=page_id: self._pages.page(page_id))  # type: ignore[misc]

    def end(self) -> None:
        """Let every watcher go."""
        for channel in self._channels.values():
            channel.end()

    async def stop(self) -> None:
        self.end()
        await self._again.stop()

    def show(self) -> None:
        """Overlays have changed."""
        for page_id, channel in self._channels.items():
            self._again.ask(("show", page_id), partial(self._show, page_id, channel))

    async def _show(self, page_id: str, channel: Channel) -> None:
        await channel.show(self.mark_of(page_id))

    def _looked(self, page_id: str, manifest: Manifest | None) -> None:
        channel = self._channels.get(page_id)
        if channel is not None and (manifest is None or manifest.version > channel.version):
            self._again.ask(("advance", page_id), lambda: self._advance(page_id, channel))

    async def _open(self, page_id: str) -> None:
        manifest = await self._pages.page(page_id)
        if manifest is not None:
            _, shape = await self._outlined(manifest)
            self._channels[page_id] = Channel(manifest.version, shape, self.mark_of(page_id))
            # What came while the outline was made found no channel to tell.
            self._looked(page_id, await self._pages.page(page_id))

    async def _advance(self, page_id: str, channel: Channel) -> None:
        manifest = await self._pages.page(page_id)
        if manifest is None:
            self._channels.pop(page_id, None)
            channel.end()
        elif manifest.version > channel.version:
            body, shape = await self._outlined(manifest)
            channel.advance(manifest.version, shape, body)
            await channel.tell()

    async def _outlined(self, manifest: Manifest) -> tuple[bytes, Outline | None]:
        entry = manifest.entries.get("/")
        found = await self._pages.body(entry.hash) if entry is not None else None
        if found is None:
            return b"", None
        plain = found.chosen(b"").data
        return plain, await asyncio.to_thread(outline, plain)
