"""Documents that the store lacks: asked of the fallback once each, for no longer than who asks will wait."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from edge import answers
from edge.answers import Answer
from edge.request import ASGIApp, Message, Request, Scope
from edge.work import Once

# Seconds after which who asked is told that the document is on its way.
PATIENCE = 0.5
# Documents that are asked of the fallback at once; it has other things to do.
_AT_ONCE = 8

logger = logging.getLogger(__name__)


class Missing:
    """`asked` is called with the host after each answer: the fallback may have stored what was missing."""

    def __init__(self, fallback: ASGIApp, asked: Callable[[str], None]) -> None:
        self._fallback = fallback
        self._asked = asked
        self._once = Once()

    async def answer(self, scope: Scope, request: Request) -> Answer:
        """The fallback's answer to a GET, or that the document is on its way. It is made in any case."""
        key = (request.host, request.path, request.query)
        if len(self._once) >= _AT_ONCE and key not in self._once:
            return answers.preparing(request.path)
        try:
            async with asyncio.timeout(PATIENCE):
                found: Answer = await self._once.run(key, partial(self._ask, scope, request))
                return found
        except TimeoutError:
            return answers.preparing(request.path)
        except Exception:
            logger.exception("The fallback failed on %s%s", request.host, request.path)
            return answers.preparing(request.path)

    async def _ask(self, scope: Scope, request: Request) -> Answer:
        """Without anything that belongs to one of those who wait."""
        headers = [(b"host", request.host.encode("latin-1"))]
        sent: list[Message] = []
        left: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if not left:
                # Nobody goes away: who asked may, but not all that wait.
                await asyncio.Event().wait()
            return left.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self._fallback({**scope, "method": "GET", "headers": headers}, receive, send)
        self._asked(request.host)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], list(sent[0]["headers"]), body)
