"""Writing down beside sending: a commit waits for the disk, and who waits for it sends nothing meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from django.db import connection

T = TypeVar("T")


class Beside(Generic[T]):
    """Has `write` called with what was noted, every so many seconds, by one thread; with the rest when the
    block ends, however it does. What goes wrong there is raised here."""

    def __init__(self, write: Callable[[list[T]], None], seconds: float) -> None:
        self._write, self._seconds = write, seconds
        self._noted: list[T] = []
        self._thread: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def note(self, one: T) -> None:
        self._noted.append(one)
        if time.monotonic() > self._since + self._seconds:
            self.begin()

    def begin(self) -> None:
        """Have written what is noted, unless something is being written; wait for neither."""
        if self._noted and (not self._writing or self._writing.done()):
            self._begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._finish()
        finally:
            if self._thread:
                self._thread.submit(_give_back)
                self._thread.shutdown()
        if self._noted:
            self._write(self._noted)

    def _begin(self) -> None:
        self._finish()
        noted, self._noted, self._since = self._noted, [], time.monotonic()
        # Nobody else sees what belongs to a transaction that is open here.
        if connection.in_atomic_block:
            self._write(noted)
            return
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="writing down")
        self._writing = self._thread.submit(self._write, noted)

    def _finish(self) -> None:
        """Wait for what is being written."""
        if self._writing:
            writing, self._writing = self._writing, None
            writing.result()


def _give_back() -> None:
    """The connection of the thread that calls this: each has its own."""
    connection.close()
