"""“Add to Slack”, against a Slack of our own: what it is asked, and what may come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from pages.actions import update_page
from pages.models import StatusPage
from public.slack import BACK, START
from subscribers.actions import unsubscribe
from subscribers.models import Subscriber
from tests.hooks import Answer, Hooks, hooks
from tests.mailing import ACTOR, deliver, opened
from tests.public.conftest import Browser

FORM = "http://acme.localhost:8000/subscriptions/new?by=slack&slack="


@pytest.fixture
def slack(settings: Any, browser: Browser) -> Iterator[Hooks]:
    """It gives out the address of a channel on itself."""
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    settings.SLACK_CLIENT_ID, settings.SLACK_CLIENT_SECRET = "client", "secret"
    with hooks() as running:
        settings.SLACK_URL = running.url("")
        hook = {"channel": "#ops", "url": running.url("/channel")}
        running.answers = [Answer(body=json.dumps({"ok": True, "incoming_webhook": hook}))]
        yield running


def began(browser: Browser) -> dict[str, str]:
    """What Slack is asked for."""
    to = urlsplit(browser.get(START)["Location"])
    assert to.path == "/oauth/v2/authorize"
    return {name: values[0] for name, values in parse_qs(to.query).items()}


def came_back(**said: str) -> HttpResponse:
    schema = connection.schema_name  # type: ignore[attr-defined]
    try:
        return Client().get(f"{BACK}?{urlencode(said)}", HTTP_HOST="localhost:8000")  # type: ignore[return-value]
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]


def test_who_lets_us_into_a_channel_is_told_there(page: StatusPage, browser: Browser, slack: Hooks) -> None:
    assert START in browser.get("/subscriptions/new?by=slack").content.decode()
    asked = began(browser)
    assert (asked["client_id"], asked["scope"]) == ("client", "incoming-webhook")
    back = came_back(code="c0de", state=asked["state"])
    exchange = parse_qs(slack.got[0].raw.decode())
    assert (slack.got[0].path, exchange["code"]) == ("/api/oauth.v2.access", ["c0de"])
    assert exchange["redirect_uri"] == [asked["redirect_uri"]] == [f"http://localhost:8000{BACK}"]
    shown = browser.get(urlsplit(back["Location"]).path).content.decode()
    assert "Your subscription" in shown
    deliver()
    opened(page)
    # One message a second.
    with time_machine.travel(timezone.now() + timedelta(seconds=5), tick=True):
        deliver()
    assert ["API is slow" in one.raw.decode() for one in slack.at("/channel")] == [False, True]
    assert Subscriber.objects.get().label == "#ops"


def test_a_state_is_worth_one_use_for_ten_minutes(page: StatusPage, browser: Browser, slack: Hooks) -> None:
    slack.always = slack.answers[0]
    state = began(browser)["state"]
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        assert came_back(code="1", state=state).status_code == 400
    assert came_back(code="1", state=f"{state}x").status_code == 400
    assert came_back(code="1").status_code == 400
    assert "/subscriptions/new" not in came_back(code="1", state=state)["Location"]
    assert came_back(code="2", state=state)["Location"] == f"{FORM}later"
    assert len(slack.at("/api/oauth.v2.access")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body='{"ok": false, "error": "invalid_code"}'),
        Answer(body='{"ok": true}'),
        Answer(body='{"ok": true, "incoming_webhook": {"url": "https://evil.example/hook"}}'),
        Answer(body="<html>"),
        Answer(500),
        Answer(0),
    ],
)
def test_what_slack_does_not_say_subscribes_nobody(
    page: StatusPage, browser: Browser, slack: Hooks, answer: Answer
) -> None:
    slack.answers = [answer]
    back = came_back(code="1", state=began(browser)["state"])
    assert back["Location"] == f"{FORM}failed"
    assert not Subscriber.objects.exists()
    assert "Slack did not tell us the channel." in browser.get(back["Location"][26:]).content.decode()


def test_who_says_no_is_told_that_nothing_changed(page: StatusPage, browser: Browser, slack: Hooks) -> None:
    back = came_back(error="access_denied", state=began(browser)["state"])
    assert back["Location"] == f"{FORM}denied"
    assert slack.got == []


def test_slack_is_asked_through_the_guard(
    page: StatusPage, browser: Browser, slack: Hooks, settings: Any
) -> None:
    settings.EGRESS_ALLOW_NETS = []
    assert came_back(code="1", state=began(browser)["state"])["Location"] == f"{FORM}failed"
    assert slack.got == []


def test_it_is_offered_where_there_is_an_app_and_the_page_wants_it(
    page: StatusPage, browser: Browser, slack: Hooks, settings: Any
) -> None:
    state = began(browser)["state"]
    update_page(page, ACTOR, closed_ways=["page"])
    assert came_back(code="1", state=state)["Location"] == f"{FORM}failed"
    update_page(page, ACTOR, closed_ways=[])
    settings.SLACK_CLIENT_SECRET = ""
    assert START not in browser.get("/subscriptions/new?by=slack").content.decode()
    assert browser.get(START)["Location"].endswith("slack=denied")


def test_who_had_left_begins_anew(page: StatusPage, browser: Browser, slack: Hooks) -> None:
    slack.always = slack.answers[0]
    came_back(code="1", state=began(browser)["state"])
    unsubscribe(page, Subscriber.objects.get(), ACTOR)
    came_back(code="2", state=began(browser)["state"])
    assert Subscriber.objects.get().is_active
