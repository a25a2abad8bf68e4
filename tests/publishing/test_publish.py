"""What is stored is what a fresh build would be, whatever happened before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
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
    arrange,
    correct_history,
    create_component,
    create_group,
    delete_component,
    set_status,
    update_component,
)
from components.models import Component
from components.status import current
from incidents.actions.announcement import create_announcement
from incidents.actions.incident import (
    backfill_incident,
    delete_incident,
    edit_incident,
    edit_update,
    open_incident,
    post_update,
    resolve,
)
from incidents.actions.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    schedule_maintenance,
    start_maintenance,
)
from incidents.actions.postmortem import publish_postmortem, revert_postmortem, write_postmortem
from incidents.actions.series import create_series
from incidents.models import Incident, IncidentUpdate
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
from tests.publishing.published import assert_published, drain_publishing, stored


def component_of(page: StatusPage) -> Component:
    return page.components.present().first() or create_component(page, ACTOR, name="API")


def an_incident(page: StatusPage) -> Incident:
    found = page.incidents.incidents().unresolved().first()
    if found:
        return found
    words = Words("investigating", "Looking.", components={component_of(page).pk: "major_outage"})
    return open_incident(page, ACTOR, words, name="Slow")


def past(page: StatusPage, days: int) -> Incident:
    ended = timezone.now() - timedelta(days=days)
    return backfill_incident(
        page,
        ACTOR,
        name=f"{days} days ago",
        started_at=ended - timedelta(hours=3),
        resolved_at=ended,
        body="It was DNS.",
        components={component_of(page).pk: "partial_outage"},
    )


def any_update(page: StatusPage) -> IncidentUpdate:
    return an_incident(page).updates.first()


def correct(page: StatusPage) -> None:
    now = timezone.now()
    correct_history(
        page,
        component_of(page),
        ACTOR,
        begun=now - timedelta(days=40),
        ended=now - timedelta(days=39),
        status="major_outage",
        reason="The monitors were down.",
    )


def scheduled(page: StatusPage, days: int = 1) -> Incident:
    begin = timezone.now() + timedelta(days=days)
    return schedule_maintenance(
        page,
        ACTOR,
        name="New machines",
        scheduled_for=begin,
        scheduled_until=begin + timedelta(hours=1),
        components=[component_of(page).pk],
    )


def completed(page: StatusPage) -> None:
    incident = scheduled(page)
    start_maintenance(page, incident, ACTOR)
    complete_maintenance(page, incident, ACTOR)


def explained(page: StatusPage) -> Incident:
    incident = past(page, 50)
    write_postmortem(page, incident, ACTOR, "It was DNS, **again**.")
    publish_postmortem(page, incident, ACTOR)
    return incident


def concern(page: StatusPage) -> None:
    """An incident that names a component and says nothing of its status."""
    words = Words("investigating", "Looking.", components={component_of(page).pk: None})
    open_incident(page, ACTOR, words, name="Perhaps")


CHANGES: dict[str, Callable[[StatusPage], object]] = {
    "open": an_incident,
    "concern": concern,
    "update": lambda page: post_update(page, an_incident(page), ACTOR, Words("identified", "Found it.")),
    "resolve": lambda page: resolve(page, an_incident(page), ACTOR),
    "reopen": lambda page: post_update(page, past(page, 3), ACTOR, Words("investigating", "Again.")),
    "backfill near": lambda page: past(page, 2),
    "backfill far": lambda page: past(page, 200),
    "edit text": lambda page: edit_update(page, any_update(page), ACTOR, body="Said *better*."),
    "rename": lambda page: edit_incident(page, past(page, 70), ACTOR, name="Another name"),
    "move": lambda page: edit_incident(
        page, past(page, 35), ACTOR, started_at=timezone.now() - timedelta(days=130)
    ),
    "move later": lambda page: edit_incident(
        page,
        past(page, 130),
        ACTOR,
        resolved_at=timezone.now(),
        started_at=timezone.now() - timedelta(days=2),
    ),
    "schedule": scheduled,
    "schedule far": lambda page: scheduled(page, days=80),
    "move maintenance": lambda page: edit_maintenance(
        page,
        scheduled(page, days=80),
        ACTOR,
        scheduled_for=timezone.now() + timedelta(days=2),
        scheduled_until=timezone.now() + timedelta(days=3),
    ),
    "start": lambda page: start_maintenance(page, scheduled(page), ACTOR),
    "complete": completed,
    "cancel": lambda page: cancel_maintenance(page, scheduled(page), ACTOR),
    "series": lambda page: create_series(
        page,
        ACTOR,
        name="Weekly",
        rule="FREQ=WEEKLY",
        local_start=datetime(2026, 1, 6, 4, 0),  # noqa: DTZ001 wall-clock time
        duration=timedelta(hours=1),
        components=[component_of(page).pk],
    ),
    "announce": lambda page: create_announcement(page, ACTOR, title="Hello", body="*There*"),
    "postmortem": explained,
    "revert postmortem": lambda page: revert_postmortem(page, explained(page), ACTOR),
    "delete": lambda page: delete_incident(page, past(page, 90), ACTOR),
    "delete open": lambda page: delete_incident(page, an_incident(page), ACTOR),
    "set status": lambda page: set_status(page, {component_of(page).pk: "degraded_performance"}, ACTOR),
    "correct": correct,
    "new component": lambda page: create_component(page, ACTOR, name="Web"),
    "rename component": lambda page: update_component(page, component_of(page), ACTOR, name="The API"),
    "restrict component": lambda page: update_component(page, component_of(page), ACTOR, restricted=True),
    "delete component": lambda page: delete_component(page, component_of(page), ACTOR),
    "group": lambda page: create_group(page, ACTOR, name="All", components=[component_of(page).pk]),
    "arrange": lambda page: arrange(page, [(None, [component_of(page).pk])], ACTOR),
    "brand": lambda page: update_page(page, ACTOR, accent="#123456", footer="*Hello*"),
    "language": lambda page: update_page(page, ACTOR, language="de"),
    "policy": lambda page: update_page(page, ACTOR, partial_weight=0.5),
    "close page": lambda page: update_page(page, ACTOR, page_type="team"),
    "open page": lambda page: update_page(page, ACTOR, page_type="public"),
    "time": pass_time,
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_the_store_equals_a_fresh_build(page: StatusPage, name: str) -> None:
    past(page, 100)
    drain_publishing()
    CHANGES[name](page)
    drain_publishing()

    assert_published(page)


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
