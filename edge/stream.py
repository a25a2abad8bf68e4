"""One client of `/events`: the version that it has been told, and nothing that waits."""

import asyncio
import logging
import types
from collections.abc import Awaitable, Generator
from typing import Any, Protocol

from edge.request import Message, Send

logger = logging.getLogger(__name__)


class News(Protocol):
    """What there is to say on a page at its `version`, in messages that all its clients share."""

    version: int
    beat: Message

    def since(self, version: int) -> Message | None: ...


class Stream:
    """Messages are sent where they come up, not by a task of the client's.

    Only a client that does not take what it is sent gets a task, which waits for `patience` seconds and then
    drops the connection. Meanwhile nothing is kept for it but its version.
    """

    __slots__ = ("_channel", "_over", "_patience", "_request", "_send", "_sending", "until", "version")

    def __init__(self, channel: News, version: int, send: Send, until: float, patience: float) -> None:
        self.version = version
        self.until = until
        self._channel = channel
        self._send = send
        self._patience = patience
        self._request = asyncio.current_task()
        self._sending: asyncio.Task[None] | None = None
        self._over = False

    def tell(self) -> None:
        """Say what the client has not been told."""
        if self._sending is None and self.version != self._channel.version:
            news = self._channel.since(self.version)
            self.version = self._channel.version
            if news is not None:
                self.say(news)

    def beat(self) -> None:
        """Give a sign of life, after what the client has not been told."""
        self.tell()
        if self._sending is None:
            self.say(self._channel.beat)

    def say(self, message: Message) -> None:
        if self._over:
            return
        try:
            rest = begun(self._send(message))
        except Exception:
            logger.exception("A stream broke")
            self._drop()
        else:
            if rest is not None:
                self._sending = asyncio.create_task(self._wait(rest))

    def end(self) -> None:
        """Let the client go, after what it has not taken yet."""
        if self._sending is None:
            self.say(part(b"", last=True))
        self._over = True

    def forget(self) -> None:
        """The client is gone."""
        self._over = True
        if self._sending is not None:
            self._sending.cancel()

    async def _wait(self, rest: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await rest
        except (TimeoutError, OSError):
            self._drop()
            return
        self._sending = None
        if self._over:
            self._over = False
            self.end()
        else:
            self.beat()

    def _drop(self) -> None:
        """Close the connection together with what waits to be sent, for which ASGI has no word.

        uvicorn's `send` is bound to the connection. Under other servers their own timeouts have to do.
        """
        self._over = True
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
        elif self._request is not None:
            self._request.cancel()


def part(body: bytes, *, last: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": not last}


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
