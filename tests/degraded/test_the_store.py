"""The disk is full, files are damaged, all of them are gone: what visitors see, and that all comes back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from store import Manifest, connect
from tests.degraded.installation import Installation, until
from tests.degraded.visitors import Operator, Visitor

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

ADD = "/o/acme/admin/incidents/incident/add/"
SERVED = ("web", "edge", "mirror")
FAILING = "Some work fails, and is tried again; see the outbox in the admin."


@pytest.fixture(scope="module")
def operator(installation: Installation) -> Operator:
    return Operator(installation.ports["web"])


def check_everywhere(installation: Installation, manifest: Manifest) -> None:
    for name in SERVED:
        with Visitor(installation.ports[name]) as visitor:
            visitor.check_everything(manifest)


def until_everywhere(installation: Installation, holds: Callable[[Visitor], bool]) -> None:
    for name in SERVED:
        with Visitor(installation.ports[name]) as visitor:
            until(lambda visitor=visitor: holds(visitor), lambda name=name: name)  # type: ignore[misc]


def test_a_full_disk_stops_the_news_says_so_and_takes_nothing_away(
    installation: Installation, operator: Operator
) -> None:
    before = installation.manifest()
    writers = ("web", "worker", "ticker", "mirror")
    installation.fill_disk(*writers)

    status, _ = operator.send(ADD, name="While the disk is full", body="We look into it.")

    assert status == 200
    until(lambda: FAILING in installation.health()[1].get("problems", ()))
    check_everywhere(installation, before)

    installation.fill_disk(*writers, full=False)
    until_everywhere(installation, lambda visitor: "While the disk is full" in visitor.ask("/").text)
    installation.until_healthy()
    check_everywhere(installation, installation.manifest())
    assert installation.differences() == []


def test_an_emptied_store_is_filled_again_while_visitors_read_on(installation: Installation) -> None:
    before = installation.manifest()
    until_everywhere(installation, lambda visitor: visitor.has(before))
    for folder in ("store", "mirror"):
        take_away(installation.base / folder)
    connect(installation.environment["REDIS_URL"]).flushall()

    until_everywhere(installation, lambda visitor: visitor.has(before))
    until(lambda: installation.store.manifest(installation.page_id) and not installation.manifest().awaited)
    assert installation.differences() == []
    until_everywhere(installation, lambda visitor: visitor.has(installation.manifest()))
    check_everywhere(installation, installation.manifest())
    hosts = installation.store.hosts()
    assert hosts is not None
    assert {"acme.localhost", "globex.localhost"} <= hosts.entries.keys()


def test_files_cut_in_half_are_never_served_and_are_made_again(installation: Installation) -> None:
    before = installation.manifest()
    cut_in_half(installation.base / "store")
    connect(installation.environment["REDIS_URL"]).flushall()
    installation.kill("web", "worker", "ticker", "edge")
    installation.children["edge"].start()
    until(lambda: says_that_it_is_on_its_way(installation.ports["edge"]))
    check_mirror(installation, before)

    installation.start("web", "worker", "ticker")
    installation.manage("publish_all")
    until(lambda: installation.manifest().order > before.order and not installation.manifest().awaited)
    assert installation.differences() == []
    until_everywhere(installation, lambda visitor: visitor.has(installation.manifest()))
    check_everywhere(installation, installation.manifest())


def says_that_it_is_on_its_way(port: int) -> bool:
    with suppress(OSError), Visitor(port) as visitor:
        reply = visitor.ask("/")
        assert (reply.status, reply.headers["Cache-Control"]) == (503, "no-store")
        return "on its way" in reply.text
    return False


def check_mirror(installation: Installation, manifest: Manifest) -> None:
    """Its disk is its own."""
    with Visitor(installation.ports["mirror"]) as visitor:
        visitor.check_everything(manifest)


def take_away(folder: Path) -> None:
    """At once, for others go on writing there."""
    taken = folder.rename(folder.with_name(f"{folder.name}.taken"))
    shutil.rmtree(taken, ignore_errors=True)


def cut_in_half(folder: Path) -> None:
    """As a machine that lost its power leaves files whose blocks were not all written."""
    for path in [*folder.glob("pages/*/*.json"), *folder.glob("bodies/??/*"), folder / "hosts.json"]:
        # What nothing refers to any more is collected meanwhile.
        with suppress(FileNotFoundError):
            os.truncate(path, path.stat().st_size // 2)
