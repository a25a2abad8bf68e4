"""Chats end to end, and that what somebody writes into an incident calls nobody there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from common.errors import Refused
from components.models import Component
from events.actor import SYSTEM
from incidents.actions.incident import open_incident, resolve
from incidents.steps import Words
from notifications import pace
from notifications.channels import discord, google_chat, slack, teams
from notifications.chat import Message
from notifications.models import Delivery
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed, confirm, subscribe
from subscribers.addresses import normal
from subscribers.choices import Channel, SubscriberState
from subscribers.models import Subscriber
from tests.hooks import Answer, Hooks, hooks
from tests.mailing import ACTOR, deliver, opened

CHATS = [Channel.SLACK, Channel.TEAMS, Channel.DISCORD, Channel.GOOGLE_CHAT]
PAYLOADS: dict[str, Callable[[Message], dict[str, Any]]] = {
    Channel.SLACK: slack.payload,
    Channel.TEAMS: teams.payload,
    Channel.DISCORD: discord.payload,
    Channel.GOOGLE_CHAT: google_chat.payload,
}
HOSTILE = (
    "<!channel> <@U123> @everyone @here <users/all> [click](http://evil.example) **bold** <b>x</b> &amp;"
)


@pytest.fixture
def machine(settings: Any, monkeypatch: Any) -> Iterator[Hooks]:
    # So that nobody waits a second between two messages.
    monkeypatch.setattr(pace, "INTERVALS", {})
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as running:
        yield running


def told(page: StatusPage, machine: Hooks, channel: str) -> Subscriber:
    return add_confirmed(page, Who(machine.url(f"/{channel}?key=1"), channel), SYSTEM, "test")


@pytest.mark.parametrize("channel", CHATS)
def test_an_incident_is_told_from_beginning_to_end(
    page: StatusPage, component: Component, machine: Hooks, channel: str
) -> None:
    told(page, machine, channel)
    incident = opened(page, component)
    deliver()
    resolve(page, incident, ACTOR, "It works again.")
    deliver()

    first, last = (json.dumps(one.body, ensure_ascii=False) for one in machine.got)
    assert "Investigating: API is slow" in first
    assert "We are looking into slow answers." in first
    assert "API: Major outage" in first
    assert f"/incidents/{incident.pk}" in first
    assert "/subscriptions/" in first
    assert "Resolved: API is slow" in last
    assert set(Delivery.objects.values_list("status", "provider")) == {("accepted", channel)}


@pytest.mark.parametrize("channel", CHATS)
def test_what_people_write_calls_nobody_and_links_nowhere(
    page: StatusPage, machine: Hooks, channel: str
) -> None:
    told(page, machine, channel)
    open_incident(page, ACTOR, Words("investigating", HOSTILE), name=HOSTILE)
    deliver()
    body, raw = machine.got[0].body, json.dumps(machine.got[0].body)
    if channel == Channel.SLACK:
        words = [*_strings(body["blocks"][1:]), body["text"]]
        assert not any("<!" in one or "<@" in one or "<http://evil" in one for one in words)
    if channel == Channel.DISCORD:
        assert body["allowed_mentions"] == {"parse": []}
        assert "content" not in body
        assert "[click](http" not in body["embeds"][0]["title"]
    if channel == Channel.TEAMS:
        assert "TextBlock" not in raw.replace("RichTextBlock", "")
    if channel == Channel.GOOGLE_CHAT:
        assert "text" not in body
        assert (
            "<users" not in body["cardsV2"][0]["card"]["sections"][0]["widgets"][0]["textParagraph"]["text"]
        )


@pytest.mark.parametrize("channel", CHATS)
@pytest.mark.parametrize("length", [0, 100, 25_000])
def test_no_message_is_too_long_for_its_service(channel: str, length: int) -> None:
    text = ("<&>*_" * length)[:length]
    message = Message("Page", "https://p", text, text[:255], text, ("API: down",) * 60, None, None, 0, "i")
    body = json.dumps(PAYLOADS[channel](message), ensure_ascii=False).encode()
    most = {
        Channel.SLACK: 16_000,
        Channel.TEAMS: 28_000,
        Channel.DISCORD: 12_000,
        Channel.GOOGLE_CHAT: 32_000,
    }
    assert len(body) <= most[channel]
    if channel == Channel.SLACK:
        sections = [one["text"]["text"] for one in PAYLOADS[channel](message)["blocks"] if "text" in one]
        assert max(map(len, sections)) <= 3_000


def test_messages_of_an_incident_are_one_thread_where_there_are_threads(
    page: StatusPage, machine: Hooks
) -> None:
    told(page, machine, Channel.GOOGLE_CHAT)
    incident = opened(page)
    deliver()
    resolve(page, incident, ACTOR)
    deliver()
    assert {one.body["thread"]["threadKey"] for one in machine.got} == {f"incident-{incident.pk}"}
    assert all(
        one.path == "/google_chat?key=1&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
        for one in machine.got
    )


@pytest.mark.parametrize("channel", CHATS)
def test_a_chat_that_is_gone_is_found_out_and_told_no_more(
    page: StatusPage, machine: Hooks, channel: str
) -> None:
    subscriber = told(page, machine, channel)
    machine.always = Answer(404, "no_service")
    opened(page)
    deliver()
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.QUARANTINED


@pytest.mark.parametrize("channel", CHATS)
def test_a_chat_confirms_by_the_link_that_is_posted_into_it(
    page: StatusPage, machine: Hooks, channel: str
) -> None:
    subscribe(page, Who(machine.url(), channel), SYSTEM)
    deliver()
    assert "/subscriptions/confirm/" in json.dumps(machine.got[0].body)
    subscriber = Subscriber.objects.get()
    assert subscriber.state == SubscriberState.UNCONFIRMED
    confirm(page, subscriber, SYSTEM)
    deliver()
    assert "You are subscribed" in json.dumps(machine.got[1].body)


@pytest.mark.parametrize(
    ("channel", "good"),
    [
        (Channel.SLACK, "https://hooks.slack.com/services/T0/B0/x"),
        (
            Channel.TEAMS,
            "https://prod-1.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?sig=y",
        ),
        (Channel.DISCORD, "https://discord.com/api/webhooks/1/x"),
        (Channel.GOOGLE_CHAT, "https://chat.googleapis.com/v1/spaces/x/messages?key=y&token=z"),
    ],
)
def test_only_the_services_own_hosts_are_taken(channel: str, good: str) -> None:
    assert normal(channel, good) == good
    for bad in (
        "https://example.org/",
        good.replace("https", "http"),
        good.replace(".com", ".com.example.org"),
    ):
        with pytest.raises(Refused):
            normal(channel, bad)


def test_a_service_that_is_busy_is_asked_again_when_it_says(page: StatusPage, machine: Hooks) -> None:
    told(page, machine, Channel.DISCORD)
    machine.answers = [Answer(429, '{"retry_after": 70}', {"Retry-After": "70"})]
    opened(page)
    deliver()
    assert 60 < (Delivery.objects.get().next_attempt_at - timezone.now()).total_seconds() <= 70


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)
