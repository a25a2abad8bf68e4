"""A published page behind a process of the edge, and browsers that have it open."""

from __future__ import annotations

import http.client
import socket
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from publishing.snapshot import Snapshot
from store import Document, Entry, HostEntry, Manifest, Store
from tests.clocks import until
from tests.edge.streaming import started
from tests.publishing import notices, samples
from tests.publishing.pages import documents_of
from tests.services import any_port
from tests.store.builders import ACME, PUBLISHED_AT

HOST = "acme.localhost"
POLLED = "/api/v2/status.json"


class Site:
    """A published page behind an edge process."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory, None)
        self.store.put_hosts(1, {HOST: HostEntry(ACME, HOST, "slug", True)})
        self.port = any_port()
        self.address = f"http://{HOST}:{self.port}"
        self.snapshot = samples.calm()
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.publish(self.snapshot)

    def publish(self, snapshot: Snapshot) -> None:
        """As the next version."""
        self.snapshot = replace(snapshot, version=self.snapshot.version + 1)
        documents = documents_of(self.snapshot)
        # What differs with every version, as its time of change does.
        body = b'{"version":%d}' % self.snapshot.version
        documents[POLLED] = Document(POLLED, body, "application/json; charset=utf-8")
        self.put(documents.values())

    def put(self, documents: Collection[Document]) -> None:
        """Just these, as the version that is due."""
        entries = {document.path: Entry.of(document) for document in documents}
        manifest = Manifest(ACME, "public", self.snapshot.version, 0, PUBLISHED_AT, entries)
        assert self.store.put(manifest, documents)

    def answer(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request("GET", path, headers={"Host": HOST})
            return connection.getresponse().read().decode()

    def start(self) -> None:
        self._process = started(self._directory, self.port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path / "store")
    found.start()
    yield found
    found.stop()


@contextmanager
def opened(browser: Browser, site: Site, path: str = "/", **options: Any) -> Iterator[Page]:
    """A page that follows; what its scripts throw fails the test."""
    context = browser.new_context(locale="en-GB", **options)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(until_answered(site, path), wait_until="load")
    page.wait_for_timeout(300)
    yield page
    context.close()
    assert faults == []


@contextmanager
def watched(browser: Browser, site: Site) -> Iterator[Page]:
    """A page whose clock goes on when told to."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.clock.install()
    page.goto(until_answered(site, "/"))
    page.wait_for_timeout(500)
    yield page
    context.close()


def until_answered(site: Site, path: str) -> str:
    until(lambda: _listens(site.port), lambda: "The server never came.", 60)
    return site.address + path


def _listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def with_incident(snapshot: Snapshot) -> Snapshot:
    return replace(
        snapshot, indicator="major", description="Partial System Outage", incidents=(notices.open_incident(),)
    )


def said(page: Page) -> str:
    """Beside the last change."""
    return page.locator("#now .check").inner_text().strip()


def pass_minutes(page: Page, minutes: int) -> None:
    """Each answer comes within five seconds of them, however long the machine takes."""
    asked: set[Request] = set()

    def is_over(one: Request) -> None:
        asked.discard(one)

    # Streams do not end.
    page.on("request", lambda one: asked.add(one) if "/events" not in one.url else None)
    page.on("requestfinished", is_over)
    page.on("requestfailed", is_over)
    for _ in range(minutes * 12):
        page.clock.run_for(5_000)
        page.wait_for_timeout(30)
        until(lambda: _is_answered(page, asked))


def _is_answered(page: Page, asked: set[Request]) -> bool:
    page.wait_for_timeout(5)
    return not asked


def pass_until(page: Page, holds: Callable[[], bool]) -> None:
    """Time passes until it holds."""

    def passed() -> bool:
        page.clock.run_for(5_000)
        page.wait_for_timeout(100)
        return holds()

    until(passed, seconds=60)
