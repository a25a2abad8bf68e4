"""A stream that has its connection for itself, as the edge's own `Protocol` can give it."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from edge.stream import Chunk, Followed, Stream

# Under which name of a request's state the connection is.
LINE = "edge.line"
_LAST = b"0\r\n\r\n"


class Connection(Protocol):
    @property
    def transport(self) -> asyncio.Transport: ...

    def may_be_given(self) -> bool: ...

    def hand_over(self, to: asyncio.Protocol) -> None: ...


class LineStream(Stream, asyncio.Protocol):
    """All that a client costs beside its connection. One that takes nothing for `patience` s is dropped."""

    __slots__ = ("_alarm", "_left", "_patience", "_transport")

    def __init__(
        self,
        channel: Followed,
        version: int,
        address: str,
        turn: set[Stream],
        until: float,
        transport: asyncio.Transport,
        patience: float,
        left: Callable[[Stream], None],
    ) -> None:
        super().__init__(channel, version, address, turn, until)
        self._transport = transport
        self._patience = patience
        self._left = left
        self._alarm: asyncio.TimerHandle | None = None

    def is_free(self) -> bool:
        return self._alarm is None

    def say(self, chunk: Chunk) -> None:
        self._transport.write(chunk.framed)

    def end(self) -> None:
        if not self.over:
            self.over = True
            self._transport.write(_LAST)
            self._transport.close()

    # The connection

    def pause_writing(self) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_later(self._patience, self._transport.abort)

    def resume_writing(self) -> None:
        self._calm()
        self.beat()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over = True
        self._calm()
        self._left(self)

    def _calm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
