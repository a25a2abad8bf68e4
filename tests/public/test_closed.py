"""A page that is not for everybody: nothing is asked, taken or shown; whoever is told may still leave."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from components.models import Component
from edge import Edge
from edge.bodies import load
from edge.overlay import Overlay
from pages.actions import update_page
from pages.models import StatusPage
from public.folding import fold
from publishing.hosts import publish_hosts
from publishing.storage import store
from store.emergency import RESERVED, Notice, Said
from subscribers.choices import SubscriberState
from subscribers.links import Purpose, token
from subscribers.models import Subscriber
from tests.conftest import ACTOR
from tests.edge.visitor import Reply, asking
from tests.mailing import Add, opened
from tests.public.conftest import Browser
from tests.public.test_spool import ask
from tests.public.test_subscribing import earlier_ticket
from tests.publishing.published import drain_publishing

HOST = "acme.localhost"
PLAIN = b"This status page is not public"
FORMS = {
    "form": ("get", "/subscriptions/new"),
    "form of machines": ("get", "/subscriptions/new?by=webhook"),
    "asking": ("post", "/subscriptions/new-email"),
    "sent": ("get", "/subscriptions/sent"),
    "code": ("get", "/subscriptions/code?for=%2B4915112345678"),
    "confirming": ("get", "/subscriptions/confirm/{confirm}"),
    "managing": ("get", "/subscriptions/{manage}"),
}
API = {
    "asking": ("post", "/api/v2/subscribers.json"),
    "ending": ("delete", "/api/v2/subscribers/{}.json"),
    "once more": ("post", "/api/v2/subscriptions/{}/resend_confirmation.json"),
}


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR, settings.STORE_REDIS_URL = tmp_path / "store", ""
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.fixture
def ada(page: StatusPage, component: Component, subscribed: Add) -> Subscriber:
    """Follows the only component of a page that is closed then, in mid-incident."""
    found = subscribed("ada", scope="components", component_ids=frozenset({component.pk}))
    opened(page, component)
    update_page(page, ACTOR, page_type="team", header="Welcome inside", footer="Inside only")
    return found


def called(method: str, path: str, data: Any = None) -> Any:
    schema = connection.schema_name  # type: ignore[attr-defined]
    try:
        return Client().generic(method.upper(), path, data or "", "application/json", HTTP_HOST=HOST)
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]


def made(purpose: Purpose, ada: Subscriber) -> str:
    return token(purpose, ada.page_id, ada.pk, ada.token_version)


@pytest.mark.parametrize("name", FORMS)
def test_no_form_of_subscribers_is_shown(name: str, browser: Browser, ada: Subscriber) -> None:
    method, path = FORMS[name]
    answer = getattr(browser, method)(
        path.format(**{purpose.value: made(purpose, ada) for purpose in Purpose})
    )

    assert (answer.status_code, PLAIN in answer.content) == (403, True)
    for word in (b"API", b"Welcome", b"Inside", b"ada@"):
        assert word not in answer.content


@pytest.mark.parametrize("name", API)
def test_machines_are_told_that_there_is_nothing(name: str, browser: Browser, ada: Subscriber) -> None:
    method, path = API[name]
    answer = called(method, path.format(ada.pk), json.dumps({"subscriber": {"email": "eve@example.org"}}))

    assert (answer.status_code, json.loads(answer.content)) == (404, {"error": PLAIN.decode()})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert Subscriber.objects.count() == 1


def test_whoever_is_told_may_still_leave(browser: Browser, ada: Subscriber) -> None:
    path = f"/subscriptions/{made(Purpose.LEAVE, ada)}/unsubscribe"
    asked = browser.get(path)
    browser.post(path)

    ada.refresh_from_db()
    assert (asked.status_code, ada.state) == (200, SubscriberState.UNSUBSCRIBED)
    assert b"Inside" not in asked.content


def test_what_was_kept_while_the_database_was_away_is_not_taken_up(
    page: StatusPage, browser: Browser
) -> None:
    drain_publishing()
    assert ask(earlier_ticket(browser)).status_code == 202
    update_page(page, ACTOR, page_type="team")

    assert fold(5.0) == 1
    assert not Subscriber.objects.exists()


def test_the_fallback_publishes_a_closed_page_as_closed(page: StatusPage, ada: Subscriber) -> None:
    answer = called("get", "/")

    assert (answer.status_code, PLAIN in answer.content) == (403, True)


EVERYWHERE = ["/history", "/uptime", "/about", "/api/v2/summary.json", "/history.atom", "/history.ics"]
EVERYWHERE += ["/badge.svg", "/index.md", "/sitemap.xml", "/embed/frame", "/preview/page.png", "/incidents/x"]


def visited(path: str) -> Reply:
    return asking(Edge(store()), HOST, path)


def test_the_edge_says_so_at_every_address(page: StatusPage, ada: Subscriber) -> None:
    publish_hosts()
    drain_publishing()

    shown = {path: visited(path) for path in ["/", *EVERYWHERE]}
    assert [path for path, reply in shown.items() if PLAIN not in reply.body] == []
    assert {reply.status for path, reply in shown.items() if path != "/"} == {404}
    assert (shown["/"].status, visited("/robots.txt").body) == (403, b"User-agent: *\nDisallow: /\n")
    assert b"API is slow" not in b"".join(reply.body for reply in shown.values())


def test_a_notice_that_is_written_by_hand_is_not_on_it(page: StatusPage, ada: Subscriber) -> None:
    drain_publishing()
    manifest = store().manifest(page.pk)
    assert manifest is not None
    now = timezone.now()
    said = (Said("u" * 12, "investigating", now, "Hush."),)
    overlay = Overlay(now, Notice("n" * 12, "Secret trouble", "critical", now + timedelta(hours=1), said), 1)

    assert [path for path in manifest.entries if path.startswith(RESERVED)] == []
    for path, entry in manifest.entries.items():
        body = load(store(), entry.hash)
        assert body is not None
        if overlay.fits(path, entry.type):
            body = overlay.over(body, entry.hash, path, entry.type)
        assert b"Secret trouble" not in body.chosen(b"").data, path
