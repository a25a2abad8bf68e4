"""Webhooks end to end: a change is committed, a machine of ours gets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.cache import caches
from django.utils import timezone
from standardwebhooks import Webhook

from common.errors import Refused
from common.tenancy import current_tenant_id
from components.actions import set_status, update_component
from components.models import Component
from events.actor import SYSTEM
from incidents.actions.incident import post_update
from incidents.steps import Words
from notifications import signing
from notifications.models import Delivery, EndpointHealth
from outbox.drain import drain_lanes
from outbox.registry import SENDING, Lane
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed, quarantine, reactivate, rotate_secret, subscribe
from subscribers.choices import Channel, Reason, SubscriberState
from subscribers.models import Subscriber
from subscribers.secrets import signing_key
from subscribers.wishes import Wish
from tests.hooks import Answer, Got, Hooks, hooks
from tests.mailing import ACTOR, deliver, opened
from tests.sink import Sink

pytestmark = pytest.mark.django_db(transaction=False)


@pytest.fixture
def machine(settings: Any) -> Iterator[Hooks]:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as running:
        yield running


def told(page: StatusPage, machine: Hooks, path: str = "/hook", contact: str = "", **wish: Any) -> Subscriber:
    who = Who(machine.url(path), Channel.WEBHOOK, contact=contact)
    return add_confirmed(page, who, SYSTEM, "test", Wish(**wish))


def is_signed(got: Got, secret: str) -> bool:
    """As a library says that is not ours."""
    Webhook(secret).verify(got.raw, got.headers)
    return True


def test_an_incident_is_told_in_the_shape_of_statuspage(
    page: StatusPage, component: Component, machine: Hooks
) -> None:
    subscriber = told(page, machine)
    incident = opened(page, component)
    deliver()
    words = Words("resolved", "It works again.", components={component.pk: "operational"})
    post_update(page, incident, ACTOR, words)
    deliver()

    first, last = [one.body for one in machine.got]
    assert first["page"] == {
        "id": page.pk,
        "status_indicator": "critical",
        "status_description": "Major System Outage",
    }
    assert first["incident"]["status"] == "investigating"
    assert [one["body"] for one in first["incident"]["incident_updates"]] == [
        "We are looking into **slow** answers."
    ]
    assert first["incident"]["components"][0]["status"] == "major_outage"
    assert last["incident"]["status"] == "resolved"
    assert [one["status"] for one in last["incident"]["incident_updates"]] == ["resolved", "investigating"]
    affected = last["incident"]["incident_updates"][0]["affected_components"]
    assert [(one["code"], one["old_status"], one["new_status"]) for one in affected] == [
        (component.pk, "major_outage", "operational")
    ]
    assert "/subscriptions/" in first["meta"]["unsubscribe"]
    assert all(is_signed(one, signing.secret(subscriber.pk, 1)) for one in machine.got)


def test_a_component_that_changes_without_a_notice_is_told_to_webhooks_alone(
    page: StatusPage, component: Component, machine: Hooks, mail: Sink, subscribed: Any
) -> None:
    told(page, machine)
    subscribed("ada")
    set_status(page, {component.pk: "partial_outage"}, ACTOR)
    deliver()

    body = machine.got[0].body
    assert body["component"]["status"] == "partial_outage"
    assert (body["component_update"]["old_status"], body["component_update"]["new_status"]) == (
        "operational",
        "partial_outage",
    )
    assert "incident" not in body
    assert mail.recipients == []


def test_what_is_restricted_is_told_to_no_machine(
    page: StatusPage, component: Component, machine: Hooks
) -> None:
    told(page, machine)
    update_component(page, component, ACTOR, restricted=True)
    set_status(page, {component.pk: "partial_outage"}, ACTOR)
    opened(page, component)
    deliver()
    assert machine.got == []


def test_each_attempt_has_the_same_id_and_a_signature_of_its_own(page: StatusPage, machine: Hooks) -> None:
    subscriber = told(page, machine)
    machine.answers = [Answer(500, "sorry"), Answer(302, headers={"Location": machine.url("/elsewhere")})]
    opened(page)
    for _ in range(3):
        Delivery.objects.update(next_attempt_at=timezone.now())
        deliver()

    assert len({one.headers["webhook-id"] for one in machine.got}) == 1
    assert [one.path for one in machine.got] == ["/hook"] * 3
    assert all(is_signed(one, signing.secret(subscriber.pk, 1)) for one in machine.got)
    delivery = Delivery.objects.get()
    assert delivery.status == "accepted"
    assert [one.code for one in delivery.tries.all()] == [500, 302, 200]


def test_a_machine_asks_for_a_pause_and_gets_it(page: StatusPage, machine: Hooks) -> None:
    told(page, machine)
    machine.answers = [Answer(429, headers={"Retry-After": "100"})]
    opened(page)
    deliver()
    wait = Delivery.objects.get().next_attempt_at - timezone.now()
    assert timedelta(seconds=90) < wait <= timedelta(seconds=100)


def test_gone_is_gone_at_once(page: StatusPage, machine: Hooks) -> None:
    subscriber = told(page, machine)
    machine.always = Answer(410)
    opened(page)
    deliver()
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.QUARANTINED
    assert "410" in subscriber.quarantined_because


def test_who_fails_four_times_has_its_owner_warned_and_who_fails_for_days_is_given_up(
    page: StatusPage, machine: Hooks, mail: Sink
) -> None:
    subscriber = told(page, machine, contact="owner@example.org")
    machine.always = Answer(500)
    opened(page)
    for _ in range(5):
        Delivery.objects.update(next_attempt_at=timezone.now())
        deliver()
    assert mail.recipients == ["owner@example.org"]

    five_days_ago = timezone.now() - timedelta(days=5, minutes=1)
    EndpointHealth.objects.update(first_failure_at=five_days_ago)
    Subscriber.objects.update(confirmed_at=five_days_ago)
    # By then its circuit has long been forgotten.
    caches["limits"].clear()
    Delivery.objects.filter(status="pending").update(next_attempt_at=timezone.now())
    deliver()
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.QUARANTINED
    assert mail.recipients == ["owner@example.org"] * 2


def test_who_was_given_up_and_is_taken_up_again_has_as_long_as_at_first(
    page: StatusPage, machine: Hooks, mail: Sink
) -> None:
    subscriber = told(page, machine, contact="owner@example.org")
    long_ago, machine.always = timezone.now() - timedelta(days=30), Answer(500)
    EndpointHealth.objects.create(
        tenant_id=current_tenant_id(),
        subscriber_id=subscriber.pk,
        consecutive_failures=9,
        first_failure_at=long_ago,
        warned_at=long_ago,
        disabled_at=long_ago,
    )
    quarantine(page, subscriber, SYSTEM, Reason.FAILED)
    reactivate(page, subscriber, SYSTEM)
    deliver()
    mail.raw.clear()
    opened(page)
    deliver()
    subscriber.refresh_from_db()
    assert subscriber.is_active
    assert mail.recipients == ["owner@example.org"], "It is warned about anew."

    Subscriber.objects.update(confirmed_at=timezone.now() - timedelta(days=5, minutes=1))
    Delivery.objects.filter(status="pending").update(next_attempt_at=timezone.now())
    caches["limits"].clear()
    deliver()
    subscriber.refresh_from_db()
    assert subscriber.state == SubscriberState.QUARANTINED


def test_one_success_ends_a_row_of_failures(page: StatusPage, machine: Hooks) -> None:
    told(page, machine)
    machine.answers = [Answer(500)] * 3
    opened(page)
    for _ in range(4):
        Delivery.objects.update(next_attempt_at=timezone.now())
        deliver()
    health = EndpointHealth.objects.get()
    assert (health.consecutive_failures, health.first_failure_at) == (0, None)


def test_a_machine_confirms_by_repeating_its_challenge(page: StatusPage, machine: Hooks) -> None:
    machine.echoes = True
    opened(page)
    subscribe(page, Who(machine.url(), Channel.WEBHOOK), SYSTEM)
    deliver()

    assert Subscriber.objects.get().state == SubscriberState.ACTIVE
    asked, welcome = [one.body for one in machine.got]
    assert asked["meta"]["challenge"]
    assert asked["subscription"]["state"] == "unconfirmed"
    assert [one["name"] for one in welcome["incidents"]] == ["API is slow"]


def test_a_machine_that_only_says_yes_has_not_confirmed(page: StatusPage, machine: Hooks) -> None:
    subscribe(page, Who(machine.url(), Channel.WEBHOOK), SYSTEM)
    deliver()
    assert len(machine.got) == 1
    assert Subscriber.objects.get().state == SubscriberState.UNCONFIRMED


def test_an_owner_confirms_by_mail_and_the_machine_hears_nothing_before(
    page: StatusPage, machine: Hooks, mail: Sink
) -> None:
    subscribe(page, Who(machine.url(), Channel.WEBHOOK, contact="owner@example.org"), SYSTEM)
    deliver()
    assert machine.got == []
    assert "/subscriptions/confirm/" in mail.everything()


def test_a_secret_is_rotated_with_a_day_of_overlap(page: StatusPage, machine: Hooks) -> None:
    subscriber = told(page, machine)
    rotate_secret(page, subscriber, ACTOR)
    with pytest.raises(Refused, match="less than a day ago"):
        rotate_secret(page, subscriber, ACTOR)
    opened(page)
    deliver()
    got = machine.got[0]
    assert is_signed(got, signing.secret(subscriber.pk, 1))
    assert is_signed(got, signing.secret(subscriber.pk, 2))

    later = datetime.now(UTC) + timedelta(hours=25)
    subscriber.refresh_from_db()
    signed = signing.headers("id", b"{}", subscriber.pk, subscriber.settings, later)
    assert len(signed["webhook-signature"].split()) == 1


def test_secrets_are_derived_as_rfc_5869_has_it(settings: Any) -> None:
    for key, number in (("short", 1), ("k" * 100, 2)):
        settings.SECRET_KEY = key
        derived = HKDF(SHA256(), length=32, salt=None, info=f"webhook someone {number}".encode())
        assert signing_key("someone", number) == derived.derive(key.encode())


def test_what_lies_in_our_own_network_is_refused_and_never_called(
    page: StatusPage, machine: Hooks, settings: Any
) -> None:
    told(page, machine)
    settings.EGRESS_ALLOW_NETS = []
    opened(page)
    deliver()
    assert machine.got == []
    assert Delivery.objects.get().tries.get().error == "Unreachable"
    with pytest.raises(Refused):
        subscribe(page, Who(machine.url("/other"), Channel.WEBHOOK), SYSTEM)


def test_a_machine_that_hangs_holds_up_nobody_else(page: StatusPage, machine: Hooks) -> None:
    machine.always = Answer(after=0.3)
    for number in range(20):
        told(page, machine, f"/{number}")
    opened(page)
    began = timezone.now()
    drain_lanes(Lane.NOTIFY, *SENDING)
    assert len(machine.got) == 20
    assert timezone.now() - began < timedelta(seconds=4)
