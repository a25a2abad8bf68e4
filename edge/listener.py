"""Hears from Redis what the store changes, for as long as the edge runs."""

from __future__ import annotations

import asyncio
import logging
import random
import time

import redis
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from edge.pages import Pages
from store import CHANNEL, Change

# Seconds of silence after which Redis is asked for a sign of life, and those between two tries to reach it.
_SILENCE = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0

logger = logging.getLogger(__name__)


class Listener:
    def __init__(self, url: str, pages: Pages) -> None:
        self._url = url
        self._pages = pages
        self._pause = _FIRST_PAUSE

    async def run(self) -> None:
        """Until cancelled. Without Redis the pages look at the disk instead, and this tries again."""
        while True:
            try:
                await self._listen()
            except (redis.RedisError, OSError, TimeoutError) as error:
                if self._pages.listening:
                    logger.warning("The edge goes on without Redis: %s", error)
            finally:
                self._pages.listening = False
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        client = Redis.from_url(self._url, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 0))
        async with client, client.pubsub() as pubsub:
            # A Redis that hangs takes connections, and never answers.
            async with asyncio.timeout(_SILENCE):
                await pubsub.subscribe(CHANNEL)
            await self._hear(pubsub)

    async def _hear(self, pubsub: PubSub) -> None:
        heard_at = time.monotonic()
        while True:
            message = await pubsub.get_message(timeout=_SILENCE)
            if message is not None:
                heard_at = time.monotonic()
                self._take(message["type"], message["data"])
            elif time.monotonic() - heard_at > 2.5 * _SILENCE:
                message = f"nothing heard for {2.5 * _SILENCE} s"
                raise TimeoutError(message)
            else:
                await pubsub.ping()

    def _take(self, kind: str, data: bytes) -> None:
        if kind == "subscribe":
            self._pages.listening = True
            self._pause = _FIRST_PAUSE
            self._pages.catch_up()
        elif kind == "message" and (change := Change.from_bytes(data)) is not None:
            self._pages.changed(change)
