"""Hosts, pages and bodies as the edge knows them: memory, then the store's disk, then Redis."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from edge.bodies import Body, load
from edge.memory import Memory
from edge.overlay import Overlay
from edge.seen import NEVER, Seen, look, newer
from edge.work import Again, Once
from store import EMERGENCY, PUBLIC, Change, Entry, Hosts, Manifest, Store

# Seconds after which the disk is asked whether it has changed: while messages arrive, and while they do not.
LISTENING, ALONE = 10.0, 1.0
_ENTRY_BYTES = 380


class Pages:
    def __init__(self, store: Store, budget: int) -> None:
        self.store = store
        self.listening = False
        # Called with every look at a page; None for one that is gone.
        self.on_look: Callable[[str, Manifest | None], None] = lambda _page_id, _manifest: None
        # Called when there may be other emergency notices.
        self.on_notice: Callable[[], None] = lambda: None
        self._hosts: Seen[Hosts] = Seen(None, None, checked_at=NEVER)
        self._pages: Memory[Seen[Manifest]] = Memory(budget // 2)
        self._bodies: Memory[Body] = Memory(budget // 2)
        self._once = Once()
        self._again = Again()

    async def hosts(self) -> Hosts | None:
        if self._due(self._hosts):
            await self._once.run("hosts", self._look_at_hosts)
        return self._hosts.value

    async def page(self, page_id: str) -> Manifest | None:
        seen = self._pages.get(page_id)
        if seen is None or self._due(seen):
            seen = await self._once.run(("page", page_id), lambda: self._find_page(page_id))
        return seen.value

    def is_due(self, page_id: str) -> bool:
        """Whether `page` would look at the store."""
        seen = self._pages.get(page_id)
        return seen is None or self._due(seen)

    def stand(self, hosts: Hosts, page_id: str, manifest: Manifest) -> bool:
        """Whether `hosts` and `page` would give just these, without a look at the store."""
        seen = self._pages.get(page_id)
        return (
            hosts is self._hosts.value
            and seen is not None
            and manifest is seen.value
            and not self._due(self._hosts)
            and not self._due(seen)
        )

    async def body(self, digest: str) -> Body | None:
        found = self._bodies.get(digest)
        if found is None:
            found = await self._once.run(("body", digest), lambda: self._load(digest))
        return found

    async def overlaid(self, body: Body, entry: Entry, path: str, overlay: Overlay) -> Body:
        """The body as it is while `overlay` is active, made once."""
        key = (entry.hash, overlay.mark, overlay.scope(path))
        found = self._bodies.get(key)
        if found is None:
            found = await self._once.run(
                key, lambda: self._lay(key, partial(overlay.over, body, entry.hash, path, entry.type))
            )
        return found

    # What is told

    def doubt(self, host: str) -> None:
        """Look again before the next answer to this host: somebody may have published its page."""
        hosts = self._hosts.value
        if hosts is None:
            self._hosts.checked_at = NEVER
        elif (entry := hosts.entries.get(host)) and (seen := self._pages.get(entry.page_id)):
            seen.checked_at = NEVER

    def changed(self, change: Change) -> None:
        """The store said so: replace what memory holds, and first of all what the disk does."""
        if change.view == EMERGENCY:
            self.on_notice()
        elif change.page_id:
            key = (change.page_id, change.view)
            self._again.ask(key, lambda: self._renew_page(*key))
        else:
            self._again.ask("hosts", self._renew_hosts)

    def catch_up(self) -> None:
        """Messages may have been missed: compare everything."""
        self._again.ask("all", self._renew_all)
        self.on_notice()

    async def stop(self) -> None:
        await self._again.stop()

    async def _renew_page(self, page_id: str, view: str) -> None:
        await asyncio.to_thread(self.store.pull, page_id, view)
        if self._pages.get(page_id) is not None:
            await self._look_at_page(page_id)

    async def _renew_hosts(self) -> None:
        await asyncio.to_thread(self.store.pull_hosts)
        await self._look_at_hosts()

    async def _renew_all(self) -> None:
        self._doubt_all()
        await asyncio.to_thread(self.store.sync)
        self._doubt_all()

    def _doubt_all(self) -> None:
        self._hosts.checked_at = NEVER
        for seen in self._pages.values():
            seen.checked_at = NEVER

    # What is looked at, in threads

    def _due(self, seen: Seen[Manifest] | Seen[Hosts]) -> bool:
        patience = LISTENING if self.listening and seen.value is not None else ALONE
        return time.monotonic() - seen.checked_at >= patience

    async def _look_at_hosts(self) -> None:
        store = self.store
        seen = await asyncio.to_thread(look, self._hosts, store.hosts_stamp, store.hosts, lambda: False)
        self._hosts = newer(self._hosts, seen)

    async def _find_page(self, page_id: str) -> Seen[Manifest]:
        seen = await self._look_at_page(page_id)
        if seen.value is not None and seen.stamp is None:
            self.changed(Change(page_id, PUBLIC, seen.value.version))
        return seen

    async def _look_at_page(self, page_id: str) -> Seen[Manifest]:
        seen = await asyncio.to_thread(
            look,
            self._pages.get(page_id),
            partial(self.store.stamp, page_id),
            partial(self.store.manifest, page_id),
            partial(self.store.is_removed, page_id),
        )
        seen = newer(self._pages.get(page_id), seen)
        entries = len(seen.value.entries) if seen.value is not None else 0
        self._pages.put(page_id, seen, _ENTRY_BYTES * (entries + 2))
        self.on_look(page_id, seen.value)
        return seen

    async def _lay(self, key: tuple[str, str, str], make: Callable[[], Body]) -> Body:
        body = await asyncio.to_thread(make)
        self._bodies.put(key, body, body.size)
        return body

    async def _load(self, digest: str) -> Body | None:
        body = await asyncio.to_thread(load, self.store, digest)
        if body is not None:
            self._bodies.put(digest, body, body.size)
        return body
