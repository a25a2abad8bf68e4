"""A copy on a plain server of files: every public path, as the edge would answer it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from components.actions import create_component
from copies.names import CONFIRMED, MANIFEST
from incidents.actions.incident import backfill_incident
from incidents.actions.maintenance import schedule_maintenance
from pages.actions import update_page
from pages.images import clean_image
from pages.models import StatusPage
from publishing.storage import store
from store.emergency import RESERVED
from tests.conftest import ACTOR
from tests.copies.copied import drain_copies
from tests.copies.places import Folder
from tests.copies.serving import KEPT_FOR_LATER, ask, nginx
from tests.pages.test_images import drawn
from tests.publishing.published import drain_publishing

pytestmark = pytest.mark.process


@pytest.fixture
def full_page(page: StatusPage) -> StatusPage:
    """With every kind of document that there is."""
    component = create_component(page, ACTOR, name="API")
    begins = timezone.now() - timedelta(days=300)
    for months in range(10):
        at = begins + timedelta(days=30 * months)
        times = {"started_at": at, "resolved_at": at + timedelta(hours=1)}
        backfill_incident(
            page, ACTOR, name="Slow", body="Hm.", components={component.pk: "partial_outage"}, **times
        )
    soon = timezone.now() + timedelta(days=1)
    times = {"scheduled_for": soon, "scheduled_until": soon + timedelta(hours=1)}
    schedule_maintenance(page, ACTOR, name="New machines", **times)
    logo, icon = clean_image(drawn("PNG")), clean_image(drawn("ICO", (32, 32)))
    update_page(page, ACTOR, accent="#123456", logo_light=logo, favicon=icon)
    return page


@pytest.fixture
def port(full_page: StatusPage, folder: Folder, tmp_path: Path) -> Iterator[int]:
    drain_publishing()
    target = folder.add(full_page)
    drain_copies()
    with nginx(folder.path(target), tmp_path / "nginx") as found:
        yield found


def test_nginx_answers_every_path_as_it_was_published(port: int, full_page: StatusPage) -> None:
    manifest = store().manifest(full_page.pk)
    assert manifest is not None
    assert "/history.json?page=2" in manifest.entries
    wanted, found = {}, {}
    for path, entry in manifest.entries.items():
        answer = ask(port, path)
        if path.startswith((RESERVED, KEPT_FOR_LATER)):
            assert answer.status == 404
            continue
        wanted[path] = (entry.status, entry.type, store().body(entry.hash))
        found[path] = (answer.status, answer.headers["content-type"], answer.body)

    differing = {path: (found[path][:2], wanted[path][:2]) for path in wanted if found[path] != wanted[path]}
    assert differing == {}


def test_caches_and_browsers_are_told_as_by_the_edge(port: int, full_page: StatusPage) -> None:
    manifest = store().manifest(full_page.pk)
    assert manifest is not None
    for path in manifest.entries:
        if path.startswith(RESERVED):
            continue
        headers = ask(port, path).headers
        assert ("immutable" in headers["cache-control"]) == path.startswith("/assets/")
        assert "s-maxage=30" in headers["cache-control"] or path.startswith("/assets/")
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in headers["content-security-policy"]
    assert ask(port, f"/{CONFIRMED}").headers["cache-control"] == "no-cache"
    packed = ask(port, "/", **{"Accept-Encoding": "gzip"}).headers
    assert (packed["content-encoding"], packed["vary"]) == ("gzip", "Accept-Encoding")


def test_what_has_not_changed_is_not_sent_again(port: int) -> None:
    first = ask(port, "/api/v2/status.json")

    assert ask(port, "/api/v2/status.json", **{"If-None-Match": first.headers["etag"]}).status == 304


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/no/such/thing", 404, "Page not found"),
        ("/history.json?page=99", 404, "Page not found"),
        ("/events", 404, "Page not found"),
        (f"/{MANIFEST}", 404, "Page not found"),
        ("/subscriptions/new", 503, "cannot take or change subscriptions"),
    ],
)
def test_what_no_copy_has_is_answered_in_words(port: int, path: str, status: int, text: str) -> None:
    answer = ask(port, path)

    assert answer.status == status
    assert text in answer.body.decode()


def test_the_first_page_of_the_history_has_both_of_its_addresses(port: int) -> None:
    assert ask(port, "/history.json?page=1").body == ask(port, "/history.json").body
