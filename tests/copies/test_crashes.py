"""Processes that copy and are really killed, stopped for a while, or there twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copies.held import Held
from copies.names import CONFIRMED, MANIFEST
from tests.copies.places import BUCKET, KEYS, Buckets, documents
from tests.live import Live

pytestmark = pytest.mark.process

PRELUDE = """
from copies.actions import add_copy_target
from copies.asking import COPY
from copies.models import CopyTarget
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from outbox.drain import drain
from outbox.registry import Lane, topics
from outbox.models import OutboxItem
from publishing.storage import store
from django.utils import timezone
import copies.copying
def publish():
    for _ in range(100):
        OutboxItem.objects.filter(topic__in=["publish", "cold"]).update(due_at=timezone.now())
        if not drain(topics(Lane.PUBLISH, Lane.ARCHIVE)):
            break
def copy(seconds=60):
    OutboxItem.objects.filter(topic=COPY).update(due_at=timezone.now(), lease_until=None)
    drain([COPY], seconds=seconds)
def incident(name):
    with in_tenant(acme.id):
        open_incident(StatusPage.objects.get(), SYSTEM, Words("investigating", "Hm."), name=name)
    publish()
"""
# Dies after so many files, in the middle of the rest.
DYING = """
whole = copies.copying.Copying._put
written = 0
def put(self, file):
    global written
    whole(self, file)
    written += 1
    if written == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
copies.copying.Copying._put = put
"""
STORED = """
with in_tenant(acme.id):
    target = CopyTarget.objects.select_related("page").get()
    manifest = store().manifest(target.page_id)
    from copies.targets import KINDS
    name = KINDS[target.kind].open_target(target).name
    named = {name(path, one.type): store().body(one.hash) for path, one in manifest.entries.items()}
    stored = [[name, body.decode("latin-1")] for name, body in named.items()]
    answer([target.page_id, manifest.version, target.version, stored])
"""


class World:
    """One page with one target, and processes that work on it."""

    def __init__(self, live: Live, files: Callable[[], dict[str, bytes]]) -> None:
        self.live, self.files = live, files

    def run(self, code: str) -> Any:
        return self.live.run(PRELUDE + code)

    def start(self, code: str) -> Any:
        return self.live.start_python(PRELUDE + code)

    def assert_complete(self) -> int:
        """The copy is what the store has; its version."""
        page_id, version, copied, stored = self.run(STORED)
        files = self.files()
        assert documents(files) == {name: body.encode("latin-1") for name, body in stored}
        held = Held.from_bytes(files[MANIFEST])
        assert (held.page_id, held.order[0], held.unsure) == (page_id, version, frozenset())
        assert copied == version
        assert CONFIRMED in files
        return int(version)


@pytest.fixture(params=["folder", "bucket"])
def world(
    request: pytest.FixtureRequest, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    monkeypatch.setenv("COPIES_ROOT", str(tmp_path / "copies"))
    monkeypatch.setenv("EGRESS_ALLOW_NETS", "127.0.0.0/8")
    if request.param == "folder":
        return folder_world(live, tmp_path / "copies")
    buckets: Buckets = request.getfixturevalue("buckets")
    return bucket_world(live, buckets)


def folder_world(live: Live, root: Path) -> World:
    begin(live, 'kind="directory", folder="status"')

    def files() -> dict[str, bytes]:
        [folder] = root.glob("*/status")
        found = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    return World(live, files)


def bucket_world(live: Live, buckets: Buckets) -> World:
    begin(live, f'kind="bucket", endpoint="{buckets.url}", bucket="{BUCKET}", **{KEYS!r}')
    return World(live, lambda: buckets.below(""))


def begin(live: Live, place: str) -> None:
    code = """
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
publish()
with in_tenant(acme.id):
    add_copy_target(page, SYSTEM, {place})
copy()
"""
    live.run(PRELUDE + code.replace("{place}", place))


@pytest.mark.parametrize("after", [1, 9, 20])
def test_killed_in_the_middle_of_copying_and_gone_on(world: World, after: int) -> None:
    first = world.assert_complete()
    process = world.start(DYING.format(after=after) + 'incident("Slow")\ncopy()\n')
    assert process.wait(300) == -signal.SIGKILL
    assert Held.from_bytes(world.files()[MANIFEST]).order[0] == first

    world.run("copy()\n")
    assert world.assert_complete() > first


def test_who_slept_through_its_time_leaves_nothing_of_an_older_version(world: World) -> None:
    """As a virtual machine that was moved: its lease and its lock are gone when it wakes."""
    slow = DYING.replace("os.kill(os.getpid(), signal.SIGKILL)", 'say("half"); time.sleep(3.5)')
    process = world.start(
        slow.format(after=9)
        + """
import publishing.copying
publishing.copying.BUDGET = 3.0
incident("Old")
copy(seconds=0.01)
"""
    )
    world.live.wait_for(process, "half")
    process.send_signal(signal.SIGSTOP)
    time.sleep(3.0)
    # What a lock of the database is worth when its connection is lost.
    lost = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    world.run(f'with connection.cursor() as cursor:\n    cursor.execute("{lost}")\nincident("New")\ncopy()\n')
    process.send_signal(signal.SIGCONT)
    process.wait(300)
    world.run("copy()\ncopy()\n")

    world.assert_complete()
    assert "New" in world.files()["index.html"].decode()


def test_two_workers_at_once_leave_one_whole_copy(world: World) -> None:
    busy = """
for number in range(6):
    incident(f"{os.getpid()} {number}")
    copy(seconds=0.01)
"""
    processes = [world.start(busy) for _ in range(2)]
    for process in processes:
        _out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err

    world.run("publish()\ncopy()\n")
    world.assert_complete()
