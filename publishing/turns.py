"""Pages that a process publishes at the same time: one that is changed without end lets the others go first.

Threads share one interpreter, so that two that compute take twice as long each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Any, TypeVar

from django.db import connection

Item = TypeVar("Item")
# Seconds that one publishing waits for others, all in all: its page is to be seen within a second, too.
PATIENCE = 0.25


class Turns:
    """`urgent` is how many are at it for whom others wait."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.urgent = 0
        self._patience = patience
        self._changed = Condition()

    @contextmanager
    def taken(self, *, last: bool = False) -> Iterator[Turn]:
        """A block of work, which goes on beside others' until it is told to be the `last`."""
        turn = Turn(self, self._patience)
        self.change(1)
        try:
            if last:
                turn.let_others_first()
            with connection.execute_wrapper(turn.before):
                yield turn
        finally:
            turn.let_others_first()

    def change(self, by: int) -> None:
        with self._changed:
            self.urgent += by
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Until nobody is urgent, or so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self.urgent, seconds)


class Turn:
    def __init__(self, turns: Turns, patience: float) -> None:
        self._turns, self._left = turns, patience
        self._is_urgent = True

    def let_others_first(self) -> None:
        """From now on wait, before each query and each item that is made, while there is urgent work."""
        if self._is_urgent:
            self._is_urgent = False
            self._turns.change(-1)

    def passing(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items."""
        for item in items:
            yield item
            self._give_way()

    def before(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Around a query."""
        self._give_way()
        return execute(*arguments)

    def _give_way(self) -> None:
        if not self._is_urgent and self._turns.urgent and self._left > 0:
            began = time.monotonic()
            self._turns.wait(self._left)
            self._left -= time.monotonic() - began


turns = Turns()
