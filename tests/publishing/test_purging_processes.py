"""Purging by real processes: nothing that was stored is left in caches, and no cache holds publishing up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clocks import until
from tests.live import Live
from tests.publishing.caches import CLOUDFLARE, Cache, Reply, cache

pytestmark = pytest.mark.process

PAGE = """
from events.actor import SYSTEM
from pages.actions import create_page, update_page
from pages.models import StatusPage
from outbox.drain import drain
from outbox.models import OutboxItem
from publishing.storage import store
from django.utils import timezone
def change(name):
    with in_tenant(acme.id):
        return update_page(StatusPage.objects.get(slug="acme"), SYSTEM, name=name)
def is_published():
    with in_tenant(acme.id):
        page = StatusPage.objects.get(slug="acme")
    manifest = store().manifest(page.pk)
    return manifest is not None and manifest.version == page.version
mine = OutboxItem.objects.filter(topic__in=["publish", "cold", "hosts", "purge"])
def make_all_due():
    mine.update(due_at=timezone.now(), lease_until=None, lease_token=None)
"""


@pytest.fixture
def cdn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cache]:
    with cache(CLOUDFLARE) as running:
        monkeypatch.setenv("PURGER", "cloudflare")
        monkeypatch.setenv("PURGE_URLS", running.url)
        monkeypatch.setenv("PURGE_SERVICE_ID", "the-zone")
        monkeypatch.setenv("PURGE_TOKEN", "a-secret-token")
        yield running


@pytest.fixture
def page(cdn: Cache, live: Live) -> Live:
    """A page that is published and purged, with nothing left to do."""
    live.run(
        PAGE
        + """
with in_tenant(acme.id):
    create_page(SYSTEM, name="Acme", slug="acme")
while mine.exists():
    make_all_due()
    drain(["publish", "cold", "hosts", "purge"])
"""
    )
    cdn.asked.clear()
    return live


def test_killed_between_storing_and_asking_for_the_purge(page: Live, cdn: Cache) -> None:
    process = page.start_python(
        PAGE
        + """
import publishing.handlers
publishing.handlers.purge_soon = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
change("Changed")
drain(["publish"])
"""
    )
    assert process.wait(300) == -9
    stored, asked_for = page.run(
        PAGE + 'answer([is_published(), OutboxItem.objects.filter(topic="purge").exists()])'
    )
    assert (stored, asked_for) == (True, False)

    page.run(PAGE + "make_all_due(); drain(['publish']); make_all_due(); drain(['purge'])")
    assert len(cdn.asked) == 1


def test_killed_between_the_purge_and_its_acknowledgement(page: Live, cdn: Cache) -> None:
    process = page.start_python(
        PAGE
        + """
from outbox import queue
change("Changed")
drain(["publish"])
make_all_due()
queue.acknowledge = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
drain(["purge"])
"""
    )
    assert process.wait(300) == -9
    assert len(cdn.asked) == 1

    page.run(PAGE + "make_all_due(); drain(['purge'])")
    assert len(cdn.asked) == 2
    assert cdn.asked[0].body == cdn.asked[1].body


@pytest.mark.parametrize("who", ["worker and ticker", "ticker"])
def test_a_cache_that_hangs_holds_no_publishing_up(page: Live, cdn: Cache, who: str) -> None:
    cdn.usual = Reply(pause=60)
    if who == "worker and ticker":
        page.worker()
    page.manage("tick")
    took = page.run(
        PAGE
        + """
from tests.clocks import until
change("First")
until(lambda: mine.filter(topic="purge").exclude(lease_token=None).exists())
change("Second")
answer(until(is_published))
"""
    )

    # The cache is given up after five seconds, and asked again soon.
    assert took < 4


def test_the_cache_is_told_moments_after_the_change(page: Live, cdn: Cache) -> None:
    page.worker()
    page.manage("tick")
    page.run(PAGE + 'change("Changed")')

    until(lambda: cdn.asked)
    assert cdn.asked[0].json["tags"][0].startswith("page-")
    until(lambda: not page.run(PAGE + 'answer(OutboxItem.objects.filter(topic="purge").exists())'))
