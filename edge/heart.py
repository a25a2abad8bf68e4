"""Watches whether anybody still confirms what is published: the heartbeat of ticker and database."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from edge.overlay import Overlay
from store import Store

# Seconds after the last heartbeat from which on documents count as stale, and those between two looks.
STALE_AFTER = 120
LOOK = 10.0

logger = logging.getLogger(__name__)


class Heart:
    """`overlay` is what to write over documents now. A store that never had a heartbeat is never stale."""

    def __init__(self, store: Store, on_change: Callable[[], None], stale_after: float) -> None:
        self.overlay: Overlay | None = None
        self._store = store
        self._on_change = on_change
        self._stale_after = timedelta(seconds=stale_after)
        self._pause = min(LOOK, stale_after / 4)
        self._last: datetime | None = None
        self._found: datetime | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._look(datetime.now(UTC))
            except OSError:
                logger.exception("The edge cannot read the heartbeat")
            await asyncio.sleep(self._pause)

    async def _look(self, now: datetime) -> None:
        found = await asyncio.to_thread(self._store.pull_beat)
        self._last = self._newest(found, now)
        former, self.overlay = self.overlay, self._overlay(now)
        if (former is None) != (self.overlay is None):
            logger.warning("Documents are %s", "current again" if self.overlay is None else "stale")
            self._on_change()

    def _newest(self, found: datetime | None, now: datetime) -> datetime | None:
        """What was once seen stays true, whatever disk and Redis have lost since. What is yet to come counts
        from when it was first seen: it was written by a clock that was set back."""
        known = [self._last] if found == self._found else [self._last, found]
        self._found = found
        return max((min(at, now) for at in known if at is not None), default=None)

    def _overlay(self, now: datetime) -> Overlay | None:
        if self._last is None or now - self._last <= self._stale_after:
            return None
        return Overlay(self._last)
