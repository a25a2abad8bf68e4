"""A page that is not launched is shown to whoever holds its link, and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from components.models import Component
from incidents.actions.incident import backfill_incident
from pages.actions import delete_page, update_page
from pages.models import StatusPage
from publishing.preview import preview_url
from tests.conftest import ACTOR


@pytest.fixture
def link(page: StatusPage, component: Component) -> str:
    update_page(page, ACTOR, published=False)
    return urlsplit(preview_url(page)).path


@pytest.fixture
def browser() -> Client:
    return Client(headers={"host": "localhost"})


def test_the_link_shows_the_page_and_its_links_stay_in_the_preview(browser: Client, link: str) -> None:
    answer = browser.get(link)

    assert answer.status_code == 200
    assert "API" in answer.text
    assert f'href="{link}history"' in answer.text
    assert browser.get(f"{link}history").status_code == 200
    assert browser.get(f"{link}nothing").status_code == 404


def test_what_the_page_loads_is_there(browser: Client, link: str) -> None:
    sheet = browser.get(link).text.split(f'href="{link}assets/page-')[1].split('"')[0]

    assert browser.get(f"{link}assets/page-{sheet}")["Content-Type"].startswith("text/css")


def test_an_old_incident_is_there(browser: Client, page: StatusPage, link: str) -> None:
    ended = timezone.now() - timedelta(days=200)
    incident = backfill_incident(
        page, ACTOR, name="Long ago", started_at=ended, resolved_at=ended, body="It was DNS."
    )

    assert "Long ago" in browser.get(f"{link}incidents/{incident.pk}").text


def test_a_forged_or_old_link_shows_nothing(browser: Client, page: StatusPage, link: str) -> None:
    forged = signing.dumps(["x", page.pk], salt="another")
    assert browser.get(f"/preview/{forged}/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert browser.get(link).status_code == 404


def test_a_deleted_page_has_no_preview(browser: Client, page: StatusPage, link: str) -> None:
    delete_page(page, ACTOR)

    assert browser.get(link).status_code == 404


def test_what_is_ready_for_an_emergency_is_shown_to_nobody(page: StatusPage) -> None:
    address = preview_url(page).partition("/preview/")[2]
    for name in ("targets.bin", "critical-index.html"):
        assert Client(HTTP_HOST="localhost").get(f"/preview/{address}.emergency/{name}").status_code == 404
