"""What the edge has not got, Django publishes on the spot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from common.tenancy import in_tenant
from components.models import Component
from incidents.actions.incident import backfill_incident
from incidents.models import Incident
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import update_page
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.publish import COLD, publish_slice
from publishing.storage import store
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.publishing.published import assert_published, drain_publishing


@pytest.fixture
def visitor(settings: Any, tmp_path: Path) -> Client:
    settings.STORE_DIR, settings.STORE_REDIS_URL = tmp_path, ""
    return Client(headers={"host": "acme.localhost"})


def test_a_page_that_the_store_lacks_is_published_and_answered(visitor: Client, page: StatusPage) -> None:
    assert store().manifest(page.pk) is None

    answer = visitor.get("/")

    assert b"All systems operational" in answer.content
    assert "X-Robots-Tag" not in answer
    assert store().manifest(page.pk) is not None


def test_a_path_that_the_page_has_not_is_its_own_404(visitor: Client, page: StatusPage) -> None:
    for path in ("/nothing", "/subscriptions/", "/subscriptions/short"):
        answer = visitor.get(path)

        assert answer.status_code == 404
        assert b"Page not found" in answer.content


def test_a_page_that_is_not_launched_and_an_unknown_host_are_404(visitor: Client, page: StatusPage) -> None:
    update_page(page, ACTOR, published=False)

    assert visitor.get("/").status_code == 404
    assert visitor.get("/", headers={"host": "nobody.localhost"}).status_code == 404


def test_a_slash_at_the_end_is_no_other_document(visitor: Client, page: StatusPage) -> None:
    for path in ("/history", "/history/", "/api/v2/status.json", "/api/v2/status.json/"):
        assert visitor.get(path).status_code == 200, path


def test_nobody_keeps_an_answer_that_came_this_way_and_scripts_may_read_the_api(
    visitor: Client, page: StatusPage
) -> None:
    for path in ("/", "/nothing", "/api/v2/status.json", "/api/v2/nothing.json"):
        answer = visitor.get(path)

        assert answer["Cache-Control"] == "no-store"
        assert answer.get("Access-Control-Allow-Origin") == ("*" if path.startswith("/api/v2/") else None)


@pytest.fixture
def past(page: StatusPage, component: Component) -> Incident:
    """Over for long, on a page that is published but for its archive."""
    ended = timezone.now() - timedelta(days=70)
    return backfill_incident(
        page,
        ACTOR,
        name="Long over",
        started_at=ended - timedelta(hours=2),
        resolved_at=ended,
        body="It was DNS.",
        components={component.pk: "major_outage"},
    )


@pytest.fixture
def half(visitor: Client, page: StatusPage, past: Incident) -> StatusPage:
    """The page once its hot documents are published."""
    drain([PUBLISH])
    return page


def cold_paths(page: StatusPage, incident: Incident, component: Component) -> list[str]:
    month = f"{incident.started_at.astimezone(page.zone):%Y-%m}"
    return [
        f"/incidents/{incident.pk}",
        f"/incidents/{incident.pk}.json",
        f"/history/{month}",
        f"/uptime/{month}/",
        f"/components/{component.pk}",
        f"/components/{component.pk}/badge.svg",
    ]


@contextmanager
def published_elsewhere(page: StatusPage) -> Iterator[None]:
    """While another process is at it."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [page.pk])
        yield


@pytest.mark.parametrize("number", range(6))
def test_what_the_archive_still_owes_is_made_when_it_is_asked_for(
    visitor: Client, half: StatusPage, component: Component, past: Incident, acme: Tenant, number: int
) -> None:
    path = cold_paths(half, past, component)[number]
    manifest = store().manifest(half.pk)
    assert manifest is not None
    assert path.removesuffix("/") not in manifest.entries

    answer = visitor.get(path)

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    with in_tenant(acme.id):
        drain_publishing()
        assert_published(half)


def test_what_somebody_else_makes_right_now_is_on_its_way(
    visitor: Client, half: StatusPage, component: Component, past: Incident
) -> None:
    paths = cold_paths(half, past, component)
    with published_elsewhere(half):
        for path in paths:
            answer = visitor.get(path)

            assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (
                503,
                "2",
                "no-store",
            )
            assert ("text/html" in answer["Content-Type"]) is ("." not in path), path
            assert (answer.get("Refresh") == "2") is ("." not in path)


def test_what_is_there_is_answered_whoever_publishes(visitor: Client, half: StatusPage) -> None:
    with published_elsewhere(half):
        assert visitor.get("/").status_code == 200
        assert visitor.get("/nothing").status_code == 404


def test_what_is_awaited_but_does_not_exist_is_a_404(visitor: Client, half: StatusPage) -> None:
    for path in (
        "/incidents/acmeacmeacme",
        "/history/2001-01",
        "/components/nobodynobody",
        "/uptime/x",
        "/x",
    ):
        assert visitor.get(path).status_code == 404, path


def test_nothing_is_made_that_nobody_awaits(visitor: Client, half: StatusPage) -> None:
    drain_publishing()
    manifest = store().manifest(half.pk)
    assert manifest is not None
    assert manifest.awaited == ()

    assert visitor.get("/incidents/acmeacmeacme").status_code == 404
    assert visitor.get("/history.json?page=99").status_code == 404
    assert store().manifest(half.pk) == manifest


def test_what_is_awaited_is_known_until_it_is_made(half: StatusPage) -> None:
    def awaited() -> set[str]:
        manifest = store().manifest(half.pk)
        assert manifest is not None
        return set(manifest.awaited)

    def rows() -> set[str]:
        keys = OutboxItem.objects.filter(topic=COLD).values_list("key", flat=True)
        return {key.split(" ", 1)[1] for key in keys}

    assert awaited() == rows() != set()
    for name in sorted(awaited()):
        publish_slice(half.pk, name)
        assert name not in awaited()
    assert awaited() == set()
