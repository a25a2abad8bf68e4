import os
import select
import signal
from types import FrameType
from typing import Self

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAskedError(Exception):
    """A person or the system wants the service to stop."""


class Interrupts:
    """Turns signals into an exception at the places that wait, so that no step is cut in two."""

    def __enter__(self) -> Self:
        self.asked = False
        self.reader, self.writer = os.pipe()
        for end in (self.reader, self.writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._ask)
        # A handler at all, so that the end of a child wakes us.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)

    def pause(self, seconds: float) -> None:
        """Wait so long, less when a child ends; StopAskedError when asked to stop, now or before."""
        if not self.asked:
            select.select([self.reader], [], [], seconds)
            self._drain()
        if self.asked:
            raise StopAskedError

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True

    def _drain(self) -> None:
        try:
            os.read(self.reader, 4096)
        except BlockingIOError:
            return
