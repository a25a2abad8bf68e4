"""From a commit to what a visitor gets: a visitor who looks all the time, and a writer who waits for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from outbox.models import OutboxItem
from pages.change import PUBLISH, Committed, committed
from publishing.publish import COLD

# Seconds between two looks; what is measured can be late by this much.
LOOK = 0.004
PATIENCE = 60.0


class Visitor(threading.Thread):
    """Asks for a page again and again over one connection, and keeps when each new answer came."""

    def __init__(self, host: str, path: str = "/") -> None:
        super().__init__(daemon=True)
        self.host, self.path = host, path
        self.bodies: list[tuple[float, bytes]] = []
        self.trips: list[float] = []
        self.failures = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        connection = HTTPConnection("127.0.0.1", int(os.environ["PUBLIC_PORT"]), timeout=10)
        etag = ""
        while not self.stopping.wait(LOOK):
            began = time.monotonic()
            connection.request("GET", self.path, headers={"Host": self.host, "If-None-Match": etag})
            answer = connection.getresponse()
            body = answer.read()
            ended = time.monotonic()
            self.trips.append(ended - began)
            if answer.status == 200:
                etag = answer.headers["ETag"]
                self.bodies.append((ended, body))
            elif answer.status != 304:
                self.failures += 1

    def first_with(self, *texts: str) -> float:
        """When (monotonic) the first answer with all of these texts came; waits for it."""
        wanted = [text.encode() for text in texts]
        until = time.monotonic() + PATIENCE
        seen = 0
        while time.monotonic() < until:
            for at, body in self.bodies[seen:]:
                seen += 1
                if all(text in body for text in wanted):
                    return at
            time.sleep(0.001)
        message = f"{self.host} never showed {texts}."
        raise TimeoutError(message)


def until_at_rest() -> None:
    """Until nothing is left to be published: a new service first renders its pages' past."""
    until = time.monotonic() + 10 * PATIENCE
    while OutboxItem.objects.filter(topic__in=(PUBLISH, COLD)).exists():
        if time.monotonic() > until:
            message = "The service does not come to rest."
            raise TimeoutError(message)
        time.sleep(0.2)
    time.sleep(1)


@contextmanager
def visiting(host: str) -> Iterator[Visitor]:
    visitor = Visitor(host)
    visitor.start()
    try:
        yield visitor
    finally:
        visitor.stopping.set()
        visitor.join(15)


class Commits(list[Committed]):
    """Notes when each commit was done, before anybody is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def append(self, done: Committed) -> None:
        self.at.append(time.monotonic())
        super().append(done)


@contextmanager
def noting_commits() -> Iterator[Commits]:
    """Of the verbs that the block calls; `at` is in monotonic seconds."""
    commits = Commits()
    reset = committed.set(commits)
    try:
        yield commits
    finally:
        committed.reset(reset)
