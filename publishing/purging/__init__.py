"""Caches in front of the pages: after a page was stored, what they keep of it has to go. One module each,
all alike."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.utils import timezone

from outbox.queue import put
from outbox.registry import Claimed, Later
from publishing.purging import cloudflare, fastly, generic
from publishing.storage import store

PURGE = "purge"
# Pages of one call: the least that any of the kinds takes.
MOST = 100
# By then every edge has what was stored: those without Redis look at the disk once a second. It also gathers
# the changes of an incident's first moments, and of other pages.
SETTLED = timedelta(seconds=1.2)


class PurgerModule(Protocol):
    @property
    def NEEDS(self) -> Sequence[str]:  # noqa: N802 a constant of the module
        """The settings without which it cannot work."""

    def purge(self, page_ids: Sequence[str]) -> None:
        """Let the caches forget these pages, up to `MOST`; to do so twice does no harm.

        Raises Later where the cache asked for a pause, CacheError where it did not do it. Opens no
        transaction.
        """


KINDS: Mapping[str, PurgerModule] = {"cloudflare": cloudflare, "fastly": fastly, "generic": generic}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_silent_until = 0.0


def purge_soon(tenant_id: str, page_id: str) -> None:
    """Ask for a purge of a page that was just stored, where there is something to purge."""
    if settings.PURGER in KINDS:
        put(PURGE, tenant_id, [page_id], due_at=timezone.now() + SETTLED)


def purge(items: Sequence[Claimed]) -> None:
    """Handle rows whose keys are pages. A pause that the cache asked for holds for all of this process."""
    global _silent_until  # noqa: PLW0603 one cache, one memory of it a process
    if settings.PURGER not in KINDS:
        return
    rest = _silent_until - time.monotonic()
    if rest > 0:
        raise Later(timedelta(seconds=rest))
    now = timezone.now()
    try:
        KINDS[settings.PURGER].purge([item.key for item in items])
    except Later as later:
        _silent_until = time.monotonic() + later.delay.total_seconds()
        raise
    for item in items:
        if _stored_at(item.key) > now - SETTLED:
            # Stored again after this was asked for: an edge may not have had it yet.
            purge_soon(item.tenant_id, item.key)


def _stored_at(page_id: str) -> datetime:
    manifest = store().manifest(page_id)
    return datetime.fromisoformat(manifest.published_at) if manifest else _LONG_AGO
