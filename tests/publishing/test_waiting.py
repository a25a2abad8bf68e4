"""A change is answered once it can be seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox import heartbeat
from pages.actions import update_page
from pages.change import Committed
from pages.models import StatusPage
from publishing.storage import store
from publishing.waiting import await_publishing
from tenants.models import Tenant
from tests.clocks import Stopwatch
from tests.conftest import ACTOR
from tests.publishing.published import drain_publishing


@pytest.fixture
def change(acme: Tenant, page: StatusPage) -> Committed:
    update_page(page, ACTOR, name="Changed")
    return Committed(acme.id, page.pk, page.version)


def version(page: StatusPage) -> int | None:
    manifest = store().manifest(page.pk)
    return manifest.version if manifest else None


def test_what_is_published_is_not_waited_for(page: StatusPage, change: Committed) -> None:
    drain_publishing()
    watch = Stopwatch()
    await_publishing([change])

    assert watch.seconds < 0.2


def test_without_a_worker_the_web_process_publishes_itself(page: StatusPage, change: Committed) -> None:
    heartbeat.Heartbeat.objects.all().delete()
    await_publishing([change])

    assert version(page) == change.version


def test_with_a_worker_it_waits_half_a_second_and_goes_on(page: StatusPage, change: Committed) -> None:
    heartbeat.Heartbeat.objects.update_or_create(name=heartbeat.WORKER, defaults={"at": timezone.now()})
    watch = Stopwatch()
    await_publishing([change])

    assert watch.passed > 0.4
    assert watch.seconds < 2.0
    assert version(page) is None


def test_a_worker_that_was_seen_long_ago_does_not_count(page: StatusPage, change: Committed) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    heartbeat.Heartbeat.objects.update_or_create(name=heartbeat.WORKER, defaults={"at": long_ago})
    await_publishing([change])

    assert version(page) == change.version
