"""Work that many ask for and that is done once."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

# Seconds between two tries of what the system refuses.
_PAUSE = 2.0

logger = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, Any]]


class Once:
    """One load per key, however many requests wait for it."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._running

    async def run(self, key: Hashable, work: Work) -> Any:
        """What `work()` gives, or the one under way. Who goes away does not stop it for the rest."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(work())
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)


class Again:
    """Work in the background, one at a time per key; asked for while it runs, it runs once more."""

    def __init__(self) -> None:
        self._asked: set[Hashable] = set()
        self._running: dict[Hashable, asyncio.Task[None]] = {}

    def ask(self, key: Hashable, work: Work) -> None:
        self._asked.add(key)
        if key not in self._running:
            task = asyncio.create_task(self._run(key, work))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))

    async def _run(self, key: Hashable, work: Work) -> None:
        while key in self._asked:
            self._asked.discard(key)
            try:
                await work()
            except OSError:
                # A full disk, say: whoever makes room should not have to tell us.
                logger.exception("The edge could not bring %s up to date, and tries again", key)
                await asyncio.sleep(_PAUSE)
                self._asked.add(key)
            except Exception:
                logger.exception("The edge could not bring %s up to date", key)

    async def stop(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
