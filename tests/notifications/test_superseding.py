"""In chats the newest message of an incident replaces what still waits; what says that it is over goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import post_update, resolve
from incidents.models import Incident
from incidents.steps import Words
from notifications import pace
from notifications.models import Delivery
from outbox.drain import drain
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.hooks import Answer, Hooks, hooks
from tests.mailing import ACTOR, deliver, opened

CHATS = [Channel.SLACK, Channel.TEAMS, Channel.DISCORD, Channel.GOOGLE_CHAT]


@pytest.fixture
def machine(settings: Any, monkeypatch: Any) -> Iterator[Hooks]:
    monkeypatch.setattr(pace, "INTERVALS", {})
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as running:
        yield running


def told(page: StatusPage, machine: Hooks, channel: str) -> Subscriber:
    return add_confirmed(page, Who(machine.url(f"/{channel}"), channel), SYSTEM, "test")


def say(page: StatusPage, incident: Incident, status: str) -> None:
    post_update(page, incident, ACTOR, Words(status, f"It is {status}."))


def statuses(subscriber: Subscriber) -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(subscriber_id=subscriber.pk).order_by("notification__version")
    return [
        (kind.partition(".")[2], status) for kind, status in rows.values_list("notification__kind", "status")
    ]


@pytest.mark.parametrize("channel", CHATS)
def test_only_the_newest_of_what_waits_goes(
    page: StatusPage, machine: Hooks, channel: str, globex: Tenant
) -> None:
    subscriber = told(page, machine, channel)
    first, other = opened(page), opened(page, name="Search fails")
    with in_tenant(globex.pk):
        theirs = told(StatusPage.objects.get(), machine, channel)
        opened(StatusPage.objects.get())
    drain([NOTIFY])
    for status in ("identified", "monitoring"):
        say(page, first, status)
        drain([NOTIFY])
    assert statuses(subscriber) == [
        ("created", "superseded"),
        ("created", "pending"),
        ("updated", "superseded"),
        ("updated", "pending"),
    ]
    assert [status for _, status in statuses(theirs)] == ["pending"]
    assert other.pk != first.pk
    deliver()
    assert len(machine.got) == 3


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.WEBHOOK])
def test_mail_and_webhooks_get_everything(page: StatusPage, machine: Hooks, channel: str) -> None:
    address = "ada@example.org" if channel == Channel.EMAIL else machine.url()
    subscriber = add_confirmed(page, Who(address, channel), SYSTEM, "test")
    incident = opened(page)
    drain([NOTIFY])
    say(page, incident, "identified")
    drain([NOTIFY])
    assert statuses(subscriber) == [("created", "pending"), ("updated", "pending")]


def test_that_it_is_over_is_never_dropped(page: StatusPage, machine: Hooks) -> None:
    """Not even where it is opened again before it was told."""
    subscriber = told(page, machine, Channel.SLACK)
    incident = opened(page)
    drain([NOTIFY])
    resolve(page, incident, ACTOR, "It works.")
    drain([NOTIFY])
    say(page, incident, "investigating")
    drain([NOTIFY])
    say(page, incident, "identified")
    drain([NOTIFY])
    assert statuses(subscriber) == [
        ("created", "superseded"),
        ("resolved", "pending"),
        ("reopened", "superseded"),
        ("updated", "pending"),
    ]


def test_what_has_to_be_tried_again_goes_no_more_once_it_was_overtaken(
    page: StatusPage, machine: Hooks
) -> None:
    subscriber = told(page, machine, Channel.SLACK)
    machine.answers = [Answer(429)]
    incident = opened(page)
    deliver()
    # As when the newer one was expanded while the older was on its way.
    Delivery.objects.update(status="superseded")
    say(page, incident, "identified")
    drain([NOTIFY])
    Delivery.objects.filter(status="superseded").update(status="pending", next_attempt_at=timezone.now())
    deliver()
    assert statuses(subscriber) == [("created", "superseded"), ("updated", "accepted")]
    assert len(machine.got) == 2


def test_a_newer_message_that_was_given_up_replaces_nothing(page: StatusPage, machine: Hooks) -> None:
    subscriber = told(page, machine, Channel.SLACK)
    incident = opened(page)
    drain([NOTIFY])
    say(page, incident, "identified")
    drain([NOTIFY])
    Delivery.objects.filter(status="pending").update(status="dead")
    Delivery.objects.filter(status="superseded").update(status="pending")
    deliver()
    assert statuses(subscriber) == [("created", "accepted"), ("updated", "dead")]
