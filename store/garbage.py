"""Deleting bodies that nothing names any more."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from store.disk import Disk
from store.documents import Manifest
from store.errors import StoreError
from store.shared import Shared, tolerated

Orders = dict[tuple[str, str], tuple[int, int]]

logger = logging.getLogger(__name__)


def collect(disk: Disk, shared: Shared | None, grace: timedelta) -> int:
    """Bodies dropped from disk. In Redis they expire by themselves after `grace`."""
    before = time.time() - grace.total_seconds()
    disk.drop_leftovers(before)
    named = _named_on_disk(disk)
    if named is None:
        return 0
    with tolerated("collect garbage"):
        if shared is not None:
            _collect_shared(shared, named, grace)
    return disk.drop_bodies(named, before)


def _named_on_disk(disk: Disk) -> set[str] | None:
    named: set[str] = set()
    for page_id, view in disk.views():
        manifest = disk.manifest(page_id, view)
        if manifest is None:
            logger.warning("No garbage is collected: the manifest of page %s is damaged", page_id)
            return None
        named |= manifest.hashes()
    return named


def _collect_shared(shared: Shared, named: set[str], grace: timedelta) -> None:
    """Expire first, then look again: a manifest put meanwhile takes back what it names."""
    seen = _orders(shared)
    shared.expire_unnamed(named | _named_shared(shared, seen), grace)
    changed = {name: order for name, order in _orders(shared).items() if seen.get(name) != order}
    shared.keep(_named_shared(shared, changed))


def _orders(shared: Shared) -> Orders:
    return {(page_id, view): order for page_id, view, order in shared.orders()}


def _named_shared(shared: Shared, names: Orders) -> set[str]:
    named: set[str] = set()
    for page_id, view in names:
        try:
            named |= Manifest.from_bytes(shared.manifest(page_id, view) or b"").hashes()
        except StoreError as error:
            logger.warning("Redis holds a damaged manifest of page %s: %s", page_id, error)
    return named
