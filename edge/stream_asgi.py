"""A stream on any ASGI server."""

import asyncio
import logging
import types
from collections.abc import Awaitable, Generator
from typing import Any

from edge.request import Message, Send
from edge.stream import Chunk, Followed, Stream

LAST: Message = {"type": "http.response.body", "body": b"", "more_body": False}

logger = logging.getLogger(__name__)


class AsgiStream(Stream):
    """Messages are sent where they come up, not by a task of the client's.

    Only a client that does not take what it is sent gets a task, for as long as it does not. ASGI has no word
    for dropping it: it keeps its place among the streams that there may be.
    """

    __slots__ = ("_send", "_sending")

    def __init__(
        self, channel: Followed, version: int, address: str, turn: set[Stream], until: float, send: Send
    ) -> None:
        super().__init__(channel, version, address, turn, until)
        self._send = send
        self._sending: asyncio.Task[None] | None = None

    def is_free(self) -> bool:
        return self._sending is None

    def say(self, chunk: Chunk) -> None:
        self._begin(chunk.message)

    def end(self) -> None:
        if not self.over and self.is_free():
            self._begin(LAST)
        self.over = True

    def forget(self) -> None:
        """The client is gone."""
        self.over = True
        if self._sending is not None:
            self._sending.cancel()

    def _begin(self, message: Message) -> None:
        try:
            rest = begun(self._send(message))
        except Exception:
            logger.exception("A stream broke")
            self.over = True
        else:
            if rest is not None:
                self._sending = asyncio.create_task(self._wait(rest))

    async def _wait(self, rest: Awaitable[None]) -> None:
        try:
            await rest
            if self.over:
                await self._send(LAST)
        except OSError:
            self.over = True
        self._sending = None
        self.beat()


def begun(work: Awaitable[None]) -> Awaitable[None] | None:
    """Do it up to where it has to wait: the rest of it, or None where it never had to.

    What tasks of Python 3.12 can be: to send to a client that has room takes no turn of the loop.
    """
    steps = work.__await__()
    try:
        waits_for = next(steps)
    except StopIteration:
        return None
    return _rest(waits_for, steps)


@types.coroutine
def _rest(waits_for: Any, steps: Generator[Any, Any, None]) -> Generator[Any, Any, None]:
    try:
        yield waits_for
        yield from steps
    finally:
        steps.close()
