"""A server that does not answer holds up its own row, and no other."""

from __future__ import annotations

import pytest

from tests.live import Live

pytestmark = pytest.mark.process

CODE = """
from threading import Event
from outbox import beside
from outbox.models import OutboxItem
from outbox.queue import put
from outbox.registry import Lane, register
answered, done, begun = Event(), [], []
def handle(item):
    begun.append(item.key)
    if item.key.startswith("silent"):
        answered.wait(600)
    done.append(item.key)
register("call", Lane.COPY, handle)
def until(holds):
    deadline = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < deadline, (begun, done)
        time.sleep(0.02)
"""


def test_others_are_served_while_one_is_silent(live: Live) -> None:
    code = """
put("call", "", ["silent"])
beside.drain_beside(Lane.COPY)
until(lambda: begun == ["silent"])
put("call", "", ["a", "b", "c"])
beside.drain_beside(Lane.COPY)
until(lambda: len(done) == 3)
answered.set()
until(lambda: not OutboxItem.objects.filter(topic="call").exists())
answer(sorted(done))
"""
    assert live.run(CODE + code) == ["a", "b", "c", "silent"]


def test_there_are_never_more_threads_than_that(live: Live) -> None:
    code = """
put("call", "", [f"silent {number}" for number in range(20)])
for _ in range(20):
    beside.drain_beside(Lane.COPY)
    time.sleep(0.05)
until(lambda: len(begun) >= 4)
most = len(begun)
answered.set()
until(lambda: len(done) == 20)
answer(most)
"""
    assert live.run(CODE + code) == 4
