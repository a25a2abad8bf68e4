"""Claiming the next batch while one is on the wire: nothing would be sent while the database answers."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Timer
from types import TracebackType
from typing import Any, Self

from django.db import connection

from notifications import claims
from notifications.beside import Beside
from notifications.letters import Letter

# The next batch is claimed when half of the present one is left, where the first half took no longer than so
# many seconds. A batch of fewer is done before a claim is.
_MANY, _SOON = 100, 0.5
# What is not begun within so many seconds, because the last ones hang after all, others may send.
_HELD = 1.0


@dataclass(slots=True)
class Batch:
    """Letters under one lease. What has not begun by `until` (of `time.monotonic`) goes back."""

    token: uuid.UUID
    letters: list[Letter]
    until: float


class Ahead:
    """Batches by `claim`, one after another, at most one of them ahead of its turn: that one by the thread
    that writes down. After `until` none is claimed, but the first. What nobody took goes back, and its
    attempts do not count."""

    def __init__(self, claim: Callable[[], Batch | None], book: Beside[Any], until: float) -> None:
        self._claim, self._book, self._until = claim, book, until
        self._claiming: Future[None] | None = None
        # Whoever gets it out is the one who has it: the taker, or the timer that gives it back.
        self._claimed: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        self._timer: Timer | None = None
        self._began = 0.0
        self._all = self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._claiming:
            self._claiming.exception()
        self._stop_timer()
        self._give_back()

    @property
    def is_begun(self) -> bool:
        return self._claiming is not None

    def take(self) -> Batch | None:
        """The one that was claimed ahead, or else one that is claimed now."""
        claiming, self._claiming = self._claiming, None
        if claiming:
            claiming.result()
            self._stop_timer()
        found = self._pulled()
        # What was claimed ahead may have gone back, or been nothing.
        is_late = claiming is not None and time.monotonic() > self._until
        return found if found or is_late else self._claim()

    def expect(self, number: int) -> None:
        """So many are sent now."""
        self._began, self._all, self._left = time.monotonic(), number, number

    def note(self) -> None:
        """Another of them was answered."""
        self._left -= 1
        if self._left == self._all // 2 and self._all >= _MANY:
            self._begin()

    def _begin(self) -> None:
        now = time.monotonic()
        # Nobody else sees what belongs to a transaction that is open here.
        if now < min(self._began + _SOON, self._until) and not connection.in_atomic_block:
            self._claiming = self._book.do(self._look)

    def _look(self) -> None:
        if batch := self._claim():
            self._claimed.put(batch)
            self._timer = Timer(_HELD, self._give_back_late)
            self._timer.start()

    def _pulled(self) -> Batch | None:
        try:
            return self._claimed.get_nowait()
        except queue.Empty:
            return None

    def _give_back(self) -> None:
        if batch := self._pulled():
            claims.release(batch.token, batch.letters)

    def _give_back_late(self) -> None:
        """In a thread of its own, as those who send and write may be what it waited for."""
        try:
            self._give_back()
        finally:
            connection.close()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer:
            timer.cancel()
            timer.join()
