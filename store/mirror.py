"""Disk and Redis brought to the same state: whichever is newer wins, page by page."""

import logging
from functools import partial

from store.disk import Disk
from store.documents import Hosts, Manifest, is_newer
from store.errors import StoreError
from store.packing import Variants, unpack
from store.shared import Shared, tolerated

_BATCH = 100

logger = logging.getLogger(__name__)


class Mirror:
    """Redis being down is logged and nothing else happens: the same call repairs it later."""

    def __init__(self, disk: Disk, shared: Shared) -> None:
        self._disk = disk
        self._shared = shared

    # Pages

    def is_ahead_of(self, manifest: Manifest) -> bool:
        with tolerated(f"compare page {manifest.page_id}"):
            return not is_newer(manifest.order, self._shared.order(manifest.page_id, manifest.view))
        return False

    def manifest(self, page_id: str, view: str) -> Manifest | None:
        with tolerated(f"read page {page_id}"):
            raw = self._shared.manifest(page_id, view)
            try:
                return None if raw is None else Manifest.from_bytes(raw)
            except StoreError as error:
                logger.warning("Redis holds a damaged manifest of page %s: %s", page_id, error)
        return None

    def push(
        self, manifest: Manifest, raw: bytes, previous: Manifest | None, written: dict[str, bytes]
    ) -> None:
        """Bring Redis to `manifest`, alias `raw`. Where it holds `previous`, only new bodies are sent.

        `written`: containers that need not be read again.
        """
        with tolerated(f"publish page {manifest.page_id}"):
            order = self._shared.order(manifest.page_id, manifest.view)
            if is_newer(manifest.order, order):
                known = previous.hashes() if previous is not None and previous.order == order else set()
                self._push_bodies(manifest.hashes() - known, written)
                self._shared.put_manifest(manifest, raw)

    def push_current(self, page_id: str, view: str) -> None:
        manifest = self._disk.manifest(page_id, view)
        if manifest is not None:
            self.push(manifest, manifest.to_bytes(), None, {})

    def pull(self, page_id: str, view: str) -> bool:
        """Bring the disk to what Redis holds, bodies first; whether the disk has changed."""
        with tolerated(f"compare page {page_id}"):
            order = self._shared.order(page_id, view)
            if order is None or not is_newer(order, self._disk.order(page_id, view)):
                return False
        remote = self.manifest(page_id, view)
        if remote is None or not self._pull_bodies(remote):
            return False
        with self._disk.writing(page_id):
            current = self._disk.manifest(page_id, view)
            if current is not None and not is_newer(remote.order, current.order):
                return False
            self._disk.succeed(current, remote, remote.to_bytes())
        return True

    def body(self, digest: str) -> Variants | None:
        """A body that the disk lacks, which then has it, unless the disk is full."""
        with tolerated(f"read body {digest}"):
            blob = self._shared.bodies([digest])[digest]
            variants = None if blob is None else unpack(blob, digest)
            if blob is not None and variants is not None:
                self._keep(digest, blob)
            return variants
        return None

    def _keep(self, digest: str, blob: bytes) -> None:
        try:
            self._disk.write_bodies({digest: partial(bytes, blob)})
        except OSError as error:
            logger.warning("The store cannot keep body %s: %s", digest, error)

    # All

    def sync(self) -> None:
        """Every page and the map of hosts, in both directions."""
        self.pull_hosts()
        self.push_hosts()
        with tolerated("sync"):
            remote = {(page_id, view): order for page_id, view, order in self._shared.orders()}
            local = {name: self._disk.order(*name) for name in self._disk.views()}
            for name in sorted(remote.keys() | local.keys()):
                here, there = local.get(name), remote.get(name)
                if there is not None and is_newer(there, here):
                    self.pull(*name)
                elif here is not None and is_newer(here, there):
                    self.push_current(*name)

    # Hosts

    def push_hosts(self) -> None:
        hosts = self._disk.hosts()
        with tolerated("publish hosts"):
            if hosts is not None and is_newer(hosts.order, self._shared.hosts_order()):
                self._shared.put_hosts(hosts, hosts.to_bytes())

    def pull_hosts(self) -> bool:
        """Whether the disk has changed."""
        with tolerated("read hosts"):
            order = self._shared.hosts_order()
            current = self._disk.hosts()
            if order is None or (current is not None and not is_newer(order, current.order)):
                return False
        remote = self.hosts()
        return remote is not None and self._disk.advance_hosts(remote)

    def hosts(self) -> Hosts | None:
        with tolerated("read hosts"):
            raw = self._shared.hosts()
            try:
                return None if raw is None else Hosts.from_bytes(raw)
            except StoreError as error:
                logger.warning("Redis holds a damaged map of hosts: %s", error)
        return None

    # Bodies

    def _push_bodies(self, digests: set[str], written: dict[str, bytes]) -> None:
        # What the disk did not have is not looked for: to set it also takes it out of expiry.
        missing = sorted(self._shared.keep(digests - written.keys()) | (digests & written.keys()))
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            blobs = {digest: written.get(digest) or self._disk.blob(digest) for digest in batch}
            self._shared.put_bodies({digest: blob for digest, blob in blobs.items() if blob is not None})

    def _pull_bodies(self, manifest: Manifest) -> bool:
        """Whether the disk has all bodies of the manifest now."""
        with self._disk.adding_bodies():
            lost = self._disk.touch(manifest.hashes())
            with tolerated(f"read bodies of page {manifest.page_id}"):
                self._fetch(sorted(lost))
            lost = self._disk.touch(lost)
        if lost:
            logger.warning("Page %s is incomplete in Redis: %d bodies", manifest.page_id, len(lost))
        return not lost

    def _fetch(self, digests: list[str]) -> None:
        for start in range(0, len(digests), _BATCH):
            found = self._shared.bodies(digests[start : start + _BATCH])
            whole = {d: blob for d, blob in found.items() if blob is not None and unpack(blob, d) is not None}
            self._disk.write_bodies({digest: partial(bytes, blob) for digest, blob in whole.items()})
