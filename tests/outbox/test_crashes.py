"""Processes that are really killed: nothing that was committed is lost."""

from __future__ import annotations

import time

import pytest

from tests.clocks import Stopwatch
from tests.live import Live

pytestmark = pytest.mark.process

PAGE = """
from events.actor import SYSTEM
from pages.actions import create_page, update_page
from pages.models import StatusPage
from outbox.drain import drain
from outbox.registry import Lane, topics
from outbox.models import OutboxItem
from publishing.storage import store
from django.utils import timezone
def versions():
    page = StatusPage.objects.get(slug="acme")
    manifest = store().manifest(page.pk)
    return {"page": page.version, "stored": manifest and manifest.version}
def finish():
    for _ in range(100):
        OutboxItem.objects.filter(topic__in=["publish", "cold"]).update(due_at=timezone.now())
        if not drain(topics(Lane.PUBLISH, Lane.ARCHIVE)):
            break
"""


@pytest.fixture
def page(live: Live) -> Live:
    live.run(
        PAGE
        + """
with in_tenant(acme.id):
    create_page(SYSTEM, name="Acme", slug="acme")
finish()
"""
    )
    return live


def test_killed_between_commit_and_nudge(page: Live) -> None:
    process = page.start_python(
        PAGE
        + """
import pages.change
pages.change.nudge = lambda lanes: os.kill(os.getpid(), signal.SIGKILL)
with in_tenant(acme.id):
    update_page(StatusPage.objects.get(slug="acme"), SYSTEM, name="Changed")
"""
    )
    assert process.wait(300) == -9

    found = page.run(
        PAGE
        + """
with in_tenant(acme.id):
    before = versions()
finish()
with in_tenant(acme.id):
    answer([before, versions()])
"""
    )
    before, after = found
    assert before["page"] > before["stored"]
    assert after["page"] == after["stored"] == before["page"]


def test_killed_between_lease_and_ack(page: Live) -> None:
    process = page.start_python(
        PAGE
        + """
from outbox import queue
with in_tenant(acme.id):
    page = update_page(StatusPage.objects.get(slug="acme"), SYSTEM, name="Changed")
queue.acknowledge = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
time.sleep(0.2)
drain(["publish"], only=(acme.id, page.pk))
"""
    )
    assert process.wait(300) == -9

    left = page.run(
        PAGE
        + """
mine = OutboxItem.objects.filter(topic="publish", tenant_id=acme.id)
rows = list(mine.values("attempts", "lease_until"))
OutboxItem.objects.update(lease_until=timezone.now() - timezone.timedelta(seconds=1))
finish()
with in_tenant(acme.id):
    answer([rows, versions(), mine.count()])
"""
    )
    [row], found, remaining = left
    assert row["attempts"] == 1
    assert found["page"] == found["stored"]
    assert remaining == 0


def test_the_ticker_publishes_where_there_is_no_worker(page: Live) -> None:
    page.manage("tick")
    page.run(
        PAGE
        + """
with in_tenant(acme.id):
    update_page(StatusPage.objects.get(slug="acme"), SYSTEM, name="Changed")
"""
    )
    wait_until_published(page)


def test_a_worker_publishes_at_a_nudge(page: Live) -> None:
    worker = page.worker()
    page.run(
        PAGE
        + """
with in_tenant(acme.id):
    update_page(StatusPage.objects.get(slug="acme"), SYSTEM, name="Changed")
"""
    )
    wait_until_published(page)
    assert worker.poll() is None


def test_eight_writers_make_versions_without_gaps_and_the_store_follows(page: Live) -> None:
    writers = [
        page.start_python(
            PAGE
            + f"""
with in_tenant(acme.id):
    page = StatusPage.objects.get(slug="acme")
    for turn in range(6):
        update_page(page, SYSTEM, description="writer {number} turn " + str(turn))
answer("done")
"""
        )
        for number in range(8)
    ]
    worker = page.worker()
    for writer in writers:
        _, err = writer.communicate(timeout=300)
        assert writer.returncode == 0, err
    page.kill(worker)

    found = page.run(
        PAGE
        + """
from events.models import Event
OutboxItem.objects.update(lease_until=None, lease_token=None)
finish()
with in_tenant(acme.id):
    page = StatusPage.objects.get(slug="acme")
    versions = Event.objects.of_page(page.pk).exclude(version=None).values_list("version", flat=True)
    numbers = sorted(set(versions))
    in_order = Event.objects.order_by("origin_seq")
    sequence = list(in_order.values_list("origin_seq", flat=True))
    clock = list(in_order.values_list("hlc", flat=True))
    from publishing.audience import public_view
    from publishing.build import Builder
    from publishing.documents import hot_documents
    manifest = store().manifest(page.pk)
    fresh = {one.path: one.hash for one in hot_documents(Builder(page, public_view(page)))}
    answer({
        "versions": numbers, "page": page.version, "sequence": sequence, "clock": clock,
        "stored": manifest.version,
        "stale": [path for path, digest in fresh.items() if manifest.entries[path].hash != digest],
    })
"""
    )
    assert found["versions"] == list(range(1, found["page"] + 1))
    assert found["page"] == 1 + 8 * 6
    assert found["stored"] == found["page"]
    assert found["stale"] == []
    assert found["sequence"] == list(range(1, len(found["sequence"]) + 1))
    assert found["clock"] == sorted(set(found["clock"]))


def wait_until_published(live: Live, seconds: float = 30) -> None:
    watch = Stopwatch()
    while watch.seconds < seconds:
        found = live.run(PAGE + "with in_tenant(acme.id):\n    answer(versions())")
        if found["page"] == found["stored"]:
            return
        time.sleep(0.2)
    message = f"Never published: {found}"
    raise AssertionError(message)
