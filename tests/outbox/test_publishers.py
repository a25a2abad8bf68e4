"""A page that takes long to publish holds up no other page, and no more than two are published at once."""

from __future__ import annotations

import pytest

from tests.live import Live

pytestmark = pytest.mark.process

CODE = """
from threading import Event, Thread
from outbox import tasks
from outbox.queue import put
from outbox.registry import Lane, register
go_on, begun, done = Event(), [], []
def handle(item):
    begun.append(item.key)
    if item.key.startswith("large"):
        go_on.wait(600)
    done.append(item.key)
register("page", Lane.PUBLISH, handle)
def hint():
    thread = Thread(target=tasks._drain_here, args=(Lane.PUBLISH,))
    thread.start()
    return thread
def until(holds):
    deadline = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < deadline, (begun, done)
        time.sleep(0.02)
put("page", "", ["large"])
threads = [hint()]
until(lambda: begun == ["large"])
put("page", "", ["small"])
threads.append(hint())
until(lambda: done == ["small"])
put("page", "", ["large too", "another"])
threads.append(hint())
until(lambda: "large too" in begun or "another" in done)
hint().join()
hint().join()
most = len(begun) - len(done)
go_on.set()
until(lambda: len(done) == 4)
for thread in threads:
    thread.join()
answer([most, sorted(done)])
"""


def test_a_page_is_published_beside_one_that_takes_long(live: Live) -> None:
    most, done = live.run(CODE)
    assert most <= 2
    assert done == ["another", "large", "large too", "small"]
