"""What is stored is what a fresh build would be, whatever happened before."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from components.actions import (
    create_component,
    delete_component,
    set_status,
)
from components.status import current
from incidents.actions.incident import (
    open_incident,
    post_update,
)
from incidents.actions.maintenance import (
    edit_maintenance,
    start_maintenance,
)
from incidents.steps import Words
from outbox.drain import drain
from outbox.models import OutboxItem
from outbox.registry import Later
from pages.actions import delete_page, pass_time, update_page
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.publish import COLD, publish, publish_slice
from publishing.storage import store
from tests.conftest import ACTOR, CANARY
from tests.examples import examples
from tests.publishing.changes import CHANGES, an_incident, component_of, past, scheduled
from tests.publishing.published import assert_published, drain_publishing, stored


@examples(12, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=2, max_size=6), st.data())
def test_after_any_sequence_of_changes_the_store_equals_a_fresh_build(
    page: StatusPage, names: list[str], data: st.DataObject
) -> None:
    for name in names:
        CHANGES[name](page)
        if data.draw(st.booleans(), label=f"publish after {name}"):
            drain_publishing()
    drain_publishing()

    assert_published(page)


def test_a_store_that_was_emptied_is_filled_again(page: StatusPage) -> None:
    past(page, 100)
    drain_publishing()
    before = stored(page)
    store().remove(page.pk)
    pass_time(page)
    drain_publishing()

    assert_published(page)
    assert stored(page).keys() == before.keys()


def test_the_turn_of_a_month_makes_the_past_month_cold(page: StatusPage) -> None:
    past(page, 1)
    drain_publishing()
    # As if this version had been published before the month began.
    StatusPage.objects.filter(pk=page.pk).update(version_at=timezone.now() + timedelta(days=31))
    pass_time(page)
    drain_publishing()

    assert_published(page)


def test_a_deleted_page_is_gone_from_the_store(page: StatusPage) -> None:
    drain_publishing()
    delete_page(page, ACTOR)
    drain_publishing()

    assert store().manifest(page.pk) is None


def test_a_page_that_is_not_launched_is_not_in_the_store(page: StatusPage) -> None:
    drain_publishing()
    update_page(page, ACTOR, published=False)
    drain_publishing()
    assert store().manifest(page.pk) is None

    update_page(page, ACTOR, published=True)
    drain_publishing()
    assert_published(page)


def test_a_restricted_component_is_absent_from_every_document(page: StatusPage) -> None:
    secret = create_component(page, ACTOR, name="Secret thing", restricted=True)
    words = Words("investigating", "Hidden words.", components={secret.pk: "major_outage"})
    open_incident(page, ACTOR, words, name="Hidden incident")
    create_component(page, ACTOR, name="Open thing")
    drain_publishing()

    told = b"".join(stored(page).values())
    assert b"Open thing" in told
    for word in (b"Secret thing", b"Hidden", secret.pk.encode()):
        assert word not in told


def test_another_tenant_is_absent_from_every_document(page: StatusPage) -> None:
    past(page, 10)
    drain_publishing()

    assert CANARY.encode() not in b"".join(stored(page).values())


def test_the_number_of_queries_does_not_grow_with_the_page(page: StatusPage) -> None:
    counts = []
    for number in range(2):
        for _ in range(1 + number * 10):
            create_component(page, ACTOR, name="One more")
            past(page, 2)
        an_incident(page)
        drain_publishing()
        post_update(page, an_incident(page), ACTOR, Words("identified", "Found it."))
        time.sleep(0.15)  # The pause between two versions of a page.
        with CaptureQueriesContext(connection) as queries:
            publish(page.pk)
        # Showing life is due once a second, which is not the page's doing; nor is what it is wrapped in.
        asked = [one["sql"] for one in queries.captured_queries if "FROM" in one["sql"]]
        counts.append(sum("outbox_heartbeat" not in sql for sql in asked))

    assert counts[0] == counts[1]


def test_a_version_that_is_published_is_not_built_again(page: StatusPage) -> None:
    an_incident(page)
    drain_publishing()
    former = store().manifest(page.pk)
    time.sleep(0.15)  # The pause between two versions of a page.
    with CaptureQueriesContext(connection) as queries:
        publish(page.pk)

    assert store().manifest(page.pk) == former
    assert sum("incidents_" in one["sql"] for one in queries.captured_queries) == 0


def test_the_past_of_a_page_waits_for_a_version_that_is_due(page: StatusPage) -> None:
    component_of(page)
    drain_publishing()
    former = store().manifest(page.pk)
    pass_time(page)
    with pytest.raises(Later):
        publish_slice(page.pk, "c 0")
    assert store().manifest(page.pk) == former
    drain_publishing()
    publish_slice(page.pk, "c 0")
    assert store().manifest(page.pk) != former


def test_slices_of_a_page_that_is_gone_are_done_with(page: StatusPage) -> None:
    past(page, 100)
    drain([PUBLISH, "hosts"])
    assert OutboxItem.objects.filter(topic=COLD).exists()
    update_page(page, ACTOR, published=False)
    drain_publishing()

    assert not OutboxItem.objects.filter(topic=COLD).exists()


def test_a_deleted_component_keeps_its_name_in_history(page: StatusPage) -> None:
    component = component_of(page)
    incident = past(page, 100)
    delete_component(page, component, ACTOR)
    drain_publishing()

    found = stored(page)
    assert b"API" in found[f"/incidents/{incident.pk}"]
    assert f"/components/{component.pk}" not in found
    assert f'href="/components/{component.pk}"'.encode() not in b"".join(found.values())


def test_a_notice_that_turned_to_a_restricted_component_is_named_nowhere(page: StatusPage) -> None:
    secret = create_component(page, ACTOR, name="Secret thing", restricted=True)
    incident = scheduled(page)
    start_maintenance(page, incident, ACTOR)
    edit_maintenance(page, incident, ACTOR, name="Secret name", components=[secret.pk])
    drain_publishing()

    assert b"Secret" not in b"".join(stored(page).values())


def test_a_clock_that_goes_back_loses_no_status(page: StatusPage) -> None:
    component = component_of(page)
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        set_status(page, {component.pk: "major_outage"}, ACTOR)
    past(page, 2)
    set_status(page, {component_of(page).pk: "major_outage"}, ACTOR)

    assert current([component.pk]) == {component.pk: "major_outage"}


def test_another_machine_carries_on_from_what_this_one_published(
    page: StatusPage, settings: Any, tmp_path: Path
) -> None:
    settings.STORE_REDIS_URL = os.environ["REDIS_URL"].replace("/0", "/9")
    redis.Redis.from_url(settings.STORE_REDIS_URL).flushdb()
    past(page, 100)
    settings.STORE_DIR = tmp_path / "machine b"
    drain([PUBLISH])
    settings.STORE_DIR = tmp_path / "machine a"
    update_page(page, ACTOR, name="Acme")
    drain_publishing()
    settings.STORE_DIR = tmp_path / "machine b"
    update_page(page, ACTOR, description="Changed")
    pass_time(page)
    drain_publishing()

    assert_published(page)
