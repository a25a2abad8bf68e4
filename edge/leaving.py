"""Knows that the server was told to go: ASGI says so only once every answer is complete, and streams last."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Leaving:
    """Calls `leave` in the loop at the first signal to end; whoever handled the signal before still does."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._former: dict[int, Any] = {}

    def watch(self) -> None:
        """Only the main thread gets signals, and only servers that handle them end in order."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            former = signal.getsignal(number)
            if callable(former):
                self._former[number] = former
                signal.signal(number, self._handler(loop, former))

    def forget(self) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        self._former = {}

    def _handler(
        self, loop: asyncio.AbstractEventLoop, former: Callable[[int, FrameType | None], Any]
    ) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._leave)
            former(number, frame)

        return handle
