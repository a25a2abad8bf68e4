"""What the edge has not got, Django publishes on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pages.actions import update_page
from pages.models import StatusPage
from publishing.storage import store
from tests.conftest import ACTOR


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
