"""The store: documents of every page, on disk first, then in Redis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import redis

from store.ahead import Ahead
from store.disk import Disk
from store.documents import PUBLIC, Document, Entry, HostEntry, Hosts, Manifest, check_name, is_newer, require
from store.garbage import collect
from store.mirror import Mirror
from store.notices import Notices
from store.packing import IDENTITY, Variants, packed
from store.shared import Shared, tolerated


class Store:
    """Safe to share between threads and processes. Redis may be absent or down: `sync` makes up for it."""

    def __init__(self, root: Path, redis: redis.Redis | None) -> None:
        self._disk = Disk(root)
        self._shared = None if redis is None else Shared(redis)
        self._mirror = None if self._shared is None else Mirror(self._disk, self._shared)
        self.notices = Notices(root, redis)

    # Writing

    def put(self, manifest: Manifest, documents: Iterable[Document], ahead: Ahead | None = None) -> bool:
        """Make `manifest` the current one of its page and view; False where the store is as new or newer.

        Newer is what has the greater (version, release). `documents` are those whose bodies may be new to the
        store; every other body that the manifest names must be in it already, else StoreError.
        `ahead` may be writing some of them already.
        """
        require(not manifest.removed, "A manifest names at least one document; remove() takes a page away.")
        bodies = _bodies_of(manifest, documents)
        if self._mirror is not None and self._mirror.is_ahead_of(manifest):
            self._mirror.pull(manifest.page_id, manifest.view)
            return False
        return self._advance(manifest, bodies, ahead)

    def ahead(self) -> Ahead:
        """A block for one `put`, whose documents are written while it makes them."""
        return Ahead(self._disk)

    def remove(self, page_id: str) -> None:
        """Take all views of a page away; only a newer version brings it back."""
        views = {view for _, view in self._disk.views(check_name(page_id))}
        with tolerated(f"remove page {page_id}"):
            views |= self._shared.views(page_id) if self._shared is not None else set()
        for view in sorted(views):
            version, release = self._newest_order(page_id, view)
            now = datetime.now(UTC).isoformat()
            self._advance(Manifest(page_id, view, version, release + 1, now, {}), {})

    def put_hosts(self, version: int, hosts: dict[str, HostEntry]) -> bool:
        """Replace the map of hosts; False where the store's is as new or newer."""
        new = Hosts(version, hosts)
        if self._mirror is not None:
            self._mirror.pull_hosts()
        accepted = self._disk.advance_hosts(new)
        if self._mirror is not None:
            self._mirror.push_hosts()
        return accepted

    def beat(self, at: datetime) -> None:
        """Note that the publisher was alive, and its database readable, at this aware time."""
        raw = at.isoformat().encode()
        self._disk.write_beat(raw)
        with tolerated("heartbeat"):
            if self._shared is not None:
                self._shared.put_beat(raw)

    # Reading

    def manifest(self, page_id: str, view: str = PUBLIC) -> Manifest | None:
        """The current manifest, from disk or else from Redis; None for an unknown or removed page."""
        found = self._found(page_id, view)
        return None if found is None or found.removed else found

    def is_removed(self, page_id: str, view: str = PUBLIC) -> bool:
        """Whether the page was taken away, rather than never known or lost."""
        found = self._found(page_id, view)
        return found is not None and found.removed

    def manifests(self) -> Iterator[Manifest]:
        """The current manifests of all views of all pages."""
        names = set(self._disk.views())
        with tolerated("list pages"):
            if self._shared is not None:
                names |= {(page_id, view) for page_id, view, _ in self._shared.orders()}
        for page_id, view in sorted(names):
            found = self.manifest(page_id, view)
            if found is not None:
                yield found

    def variants(self, digest: str) -> Variants | None:
        """The body in every encoding kept, by its name in Accept-Encoding; `identity` is always there."""
        found = self._disk.variants(digest)
        if found is None and self._mirror is not None:
            found = self._mirror.body(digest)
        return found

    def body(self, digest: str, encoding: str = IDENTITY) -> bytes | None:
        """The body in one encoding; None where it is unknown, or no smaller in that encoding than plain."""
        return (self.variants(digest) or {}).get(encoding)

    def hosts(self) -> Hosts | None:
        found = self._disk.hosts()
        if found is None and self._mirror is not None:
            found = self._mirror.hosts()
        return found

    def last_beat(self) -> datetime | None:
        """The newest heartbeat that disk or Redis knows."""
        beats = [self._disk.beat()]
        with tolerated("heartbeat"):
            beats.append(self._shared.beat() if self._shared is not None else None)
        return max((at for at in map(_moment, beats) if at is not None), default=None)

    def stamp(self, page_id: str, view: str = PUBLIC) -> int | None:
        """A number that changes with the manifest on disk; costs one stat."""
        return self._disk.stamp(self._disk.manifest_path(page_id, view))

    def hosts_stamp(self) -> int | None:
        """The same for the map of hosts."""
        return self._disk.stamp(self._disk.hosts_path)

    # Upkeep

    def pull(self, page_id: str, view: str = PUBLIC) -> bool:
        """Bring the disk to a newer version that Redis holds, wholly or not at all; whether it changed."""
        return self._mirror is not None and self._mirror.pull(page_id, view)

    def pull_hosts(self) -> bool:
        """The same for the map of hosts."""
        return self._mirror is not None and self._mirror.pull_hosts()

    def pull_beat(self) -> datetime | None:
        """The newest heartbeat, noted on disk where Redis alone had it: a mirror may lose Redis next.

        Raises OSError where the disk takes none: what is on it may be older than its heartbeat would say.
        """
        here, found = _moment(self._disk.beat()), self.last_beat()
        if found is not None and (here is None or here < found):
            self._disk.write_beat(found.isoformat().encode())
        return found

    def sync(self) -> None:
        """Bring disk and Redis to the same state, whichever is newer winning: Redis was down, or is empty."""
        if self._mirror is not None:
            self._mirror.sync()

    def forget_all(self) -> None:
        """Empty disk and Redis, and with them the memory of versions; mirrors still have theirs."""
        self._disk.forget_all()
        if self._shared is not None:
            self._shared.forget_all()

    def collect_garbage(self, grace: timedelta) -> int:
        """Drop bodies that no manifest has named for longer than `grace`; how many the disk lost."""
        return collect(self._disk, self._shared, grace)

    # Steps

    def _found(self, page_id: str, view: str) -> Manifest | None:
        found = self._disk.manifest(page_id, view)
        if found is None and self._mirror is not None:
            found = self._mirror.manifest(page_id, view)
        return found

    def _advance(self, manifest: Manifest, bodies: dict[str, bytes], ahead: Ahead | None = None) -> bool:
        with self._disk.writing(manifest.page_id):
            previous = self._disk.manifest(manifest.page_id, manifest.view)
            accepted = previous is None or is_newer(manifest.order, previous.order)
            if accepted:
                raw = manifest.to_bytes()
                written = self._write_bodies(manifest, bodies, previous, ahead)
                self._disk.succeed(previous, manifest, raw)
        if self._mirror is not None:
            if accepted:
                self._mirror.push(manifest, raw, previous, written)
            else:
                self._mirror.push_current(manifest.page_id, manifest.view)
        return accepted

    def _write_bodies(
        self,
        manifest: Manifest,
        bodies: dict[str, bytes],
        previous: Manifest | None,
        ahead: Ahead | None,
    ) -> dict[str, bytes]:
        """The containers that the disk did not have before."""
        known = previous.hashes() if previous is not None else set()
        for digest in self._disk.touch(manifest.hashes() - known - bodies.keys()):
            require(
                self.variants(digest) is not None, f"The manifest names a body that the store lacks: {digest}"
            )
        kept = ahead.kept(bodies) if ahead else {}
        left = {digest for digest in bodies.keys() - kept.keys() if not self._disk.has(digest)}
        # The collector may have taken what was there a moment ago; from here on it waits.
        left |= self._disk.touch(kept)
        written = self._disk.write_bodies({digest: partial(packed, bodies[digest]) for digest in left})
        return written | {digest: container for digest, container in kept.items() if container is not None}

    def _newest_order(self, page_id: str, view: str) -> tuple[int, int]:
        orders = [self._disk.order(page_id, view)]
        with tolerated(f"compare page {page_id}"):
            orders.append(self._shared.order(page_id, view) if self._shared is not None else None)
        return max((order for order in orders if order is not None), default=(0, 0))


def _bodies_of(manifest: Manifest, documents: Iterable[Document]) -> dict[str, bytes]:
    bodies = {}
    for document in documents:
        named = manifest.entries.get(document.path)
        require(named == Entry.of(document), f"The manifest does not name this document: {document.path}")
        bodies[document.hash] = document.body
    return bodies


def _moment(raw: bytes | None) -> datetime | None:
    with suppress(ValueError):
        return None if raw is None else datetime.fromisoformat(raw.decode())
    return None
