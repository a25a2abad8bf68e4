"""Writing down beside sending: a commit waits for the disk, and who waits for it sends nothing meanwhile."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from django.db import connection

T = TypeVar("T")
R = TypeVar("R")


class Beside(Generic[T]):
    """Has `write` called with what was noted, every so many seconds, by one thread; with the rest when the
    block ends, however it does. What goes wrong there is raised here, and keeps nothing else from being
    written."""

    def __init__(self, write: Callable[[list[T]], None], seconds: float) -> None:
        self._write, self._seconds = write, seconds
        self._noted: list[T] = []
        self._thread: ThreadPoolExecutor | None = None
        self._writing: deque[Future[None]] = deque()
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def note(self, one: T) -> None:
        self._noted.append(one)
        is_writing = self._writing and not self._writing[-1].done()
        if not is_writing and time.monotonic() > self._since + self._seconds:
            self.begin()

    def begin(self) -> None:
        """Have written what is noted, after what is being written; wait for neither."""
        while self._writing and self._writing[0].done():
            self._writing.popleft().result()
        if self._noted:
            self._begin()

    def do(self, work: Callable[[], R]) -> Future[R]:
        """Have that done by the thread as well, after what is being written."""
        return self._executor().submit(_cleanly, work)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._writing:
                self._writing.popleft().result()
        finally:
            if self._thread:
                self._thread.submit(_give_back)
                self._thread.shutdown()
            if self._noted:
                self._write(self._noted)

    def _begin(self) -> None:
        noted, self._noted, self._since = self._noted, [], time.monotonic()
        # Nobody else sees what belongs to a transaction that is open here.
        if connection.in_atomic_block:
            self._write(noted)
            return
        self._writing.append(self._executor().submit(self._write, noted))

    def _executor(self) -> ThreadPoolExecutor:
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="writing down")
        return self._thread


def _cleanly(work: Callable[[], R]) -> R:
    """Leave no broken connection to what is written next."""
    try:
        return work()
    except BaseException:
        connection.close()
        raise


def _give_back() -> None:
    """The connection of the thread that calls this: each has its own."""
    connection.close()
