"""Messages that must not go, though they were asked for: judged by what holds when they would be sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from components.actions import create_component, delete_component, update_component
from components.models import Component
from events.actor import SYSTEM
from incidents.actions.incident import delete_incident, post_update
from incidents.models import Incident
from incidents.steps import Words
from notifications import expansion
from notifications.actions import replay, suppress
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.models import Delivery, Notification
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import delete_page, update_page
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import Who, confirm, erase, quarantine, reactivate, subscribe, unsubscribe
from subscribers.addresses import address_hash
from subscribers.choices import Reason
from subscribers.models import Subscriber
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink

ADA = "ada@example.org"
Meanwhile = Callable[[StatusPage, Component, Incident], object]
HIDE: dict[str, Meanwhile] = {
    "page taken down": lambda page, _one, _incident: update_page(page, ACTOR, published=False),
    "page closed": lambda page, _one, _incident: update_page(page, ACTOR, page_type="team"),
    "incident deleted": lambda page, _one, incident: delete_incident(page, incident, ACTOR),
    "component hidden": lambda page, one, _incident: update_component(page, one, ACTOR, restricted=True),
}


def release() -> None:
    """The hold is over."""
    OutboxItem.objects.filter(topic=NOTIFY).update(due_at=timezone.now())
    deliver()


def held(page: StatusPage, component: Component | None = None) -> Incident:
    return opened(page, component, notify_at=timezone.now() + timedelta(minutes=5))


@pytest.mark.parametrize("what", HIDE)
def test_a_held_message_about_what_was_hidden_meanwhile_is_not_sent(
    what: str, page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    incident = held(page, component)
    HIDE[what](page, component, incident)
    release()
    assert mail.raw == []
    assert not Delivery.objects.exists()
    assert Notification.objects.exclude(expanded_at=None).exists()


def test_a_held_message_about_what_everybody_still_sees_is_sent(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    held(page, component)
    delete_component(page, component, ACTOR)
    held(page)
    release()
    assert len(mail.mail(ADA)) == 2


def test_a_page_that_was_deleted_tells_nobody(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    held(page)
    delete_page(page, ACTOR)
    release()
    assert mail.raw == []


def test_a_page_that_is_not_launched_writes_to_nobody(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    page = update_page(page, ACTOR, published=False)
    opened(page)
    subscribe(page, Who("eve@example.org"), SYSTEM)
    deliver()
    assert mail.raw == []


def test_a_component_hidden_between_event_and_mail_is_named_nowhere(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    subscribed("follower", scope="components", component_ids=frozenset({component.pk}))
    vault = create_component(page, ACTOR, name="Vault")
    both = {component.pk: "degraded_performance", vault.pk: "major_outage"}
    post_update(page, opened(page, notify=False), ACTOR, Words("identified", "Found.", components=both))
    update_component(page, component, ACTOR, restricted=True)
    release()
    assert set(mail.recipients) == {ADA}
    assert "Vault" in mail.everything()
    assert component.name not in mail.everything().replace("API is slow", "")


def test_a_component_hidden_while_recipients_are_being_found_is_not_named_to_the_rest(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "STEP", 1)
    monkeypatch.setattr(expansion, "_SLICE", 0)
    for name in ("ada", "bob"):
        subscribed(name)
    opened(page, component)
    drain([NOTIFY], seconds=0.01)
    made = Delivery.objects.count()
    update_component(page, component, ACTOR, restricted=True)
    OutboxItem.objects.filter(topic=NOTIFY).update(due_at=timezone.now())
    drain([NOTIFY])
    assert Delivery.objects.count() == made


def test_the_welcome_leaves_out_what_was_hidden_since_confirming(
    page: StatusPage, component: Component, mail: Sink
) -> None:
    opened(page, component, name="About the API")
    opened(page, name="About everything")
    subscribe(page, Who(ADA), SYSTEM)
    confirm(page, Subscriber.objects.get(), SYSTEM)
    update_component(page, component, ACTOR, restricted=True)
    deliver()
    assert "About everything" in mail.everything()
    assert "About the API" not in mail.everything()


@pytest.mark.parametrize("what", HIDE)
@pytest.mark.parametrize("by_hand", [False, True])
def test_what_was_hidden_since_the_first_attempt_is_not_tried_again(
    by_hand: bool, what: str, page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    mail.answers[ADA] = ["451 Later"]
    incident = opened(page, component)
    deliver()
    HIDE[what](page, component, incident)
    if by_hand:
        assert replay([given_up("dead").pk]) == 1
    Delivery.objects.update(next_attempt_at=timezone.now())
    deliver()
    assert mail.raw == []
    assert Delivery.objects.get().status == DeliveryStatus.SUPPRESSED


def test_a_component_hidden_since_the_first_attempt_is_not_named_in_the_next(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    mail.answers[ADA] = ["451 Later"]
    vault = create_component(page, ACTOR, name="Vault")
    both = {component.pk: "degraded_performance", vault.pk: "major_outage"}
    incident = opened(page, notify=False, name="Slow")
    post_update(page, incident, ACTOR, Words("identified", "Found.", components=both))
    deliver()
    update_component(page, vault, ACTOR, restricted=True)
    Delivery.objects.update(next_attempt_at=timezone.now())
    deliver()
    assert len(mail.mail(ADA)) == 1
    assert component.name in mail.everything()
    assert "Vault" not in mail.everything()


def given_up(status: str) -> Delivery:
    Delivery.objects.update(status=status)
    return Delivery.objects.get()


ENDED = ("dead", "failed", "bounced")


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("drained", [True, False])
def test_nothing_is_sent_again_to_somebody_who_left(
    status: str, drained: bool, page: StatusPage, subscribed: Add
) -> None:
    ada = subscribed("ada")
    opened(page)
    drain([NOTIFY])
    one = given_up(status)
    unsubscribe(page, ada, ACTOR)
    if drained:
        drain(["withdraw"])
        assert given_up(Delivery.objects.get().status).status == DeliveryStatus.SUPPRESSED
    assert replay([one.pk]) == 0


def test_nothing_from_before_somebody_left_is_sent_again_after_they_came_back(
    page: StatusPage, subscribed: Add
) -> None:
    ada = subscribed("ada")
    opened(page)
    drain([NOTIFY])
    one = given_up("dead")
    unsubscribe(page, ada, ACTOR)
    subscribe(page, Who(ADA), SYSTEM)
    confirm(page, ada, SYSTEM)
    assert replay([one.pk]) == 0


def test_whoever_left_and_asks_anew_is_asked_for_confirmation_however_late_the_rest_is_withdrawn(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    ada = subscribed("ada")
    opened(page)
    drain([NOTIFY])
    unsubscribe(page, ada, ACTOR)
    subscribe(page, Who(ADA), SYSTEM)
    drain([NOTIFY])
    drain(["withdraw"])
    deliver()
    assert [one["Subject"] for one in mail.mail(ADA)] == ["Confirm your subscription to Acme"]


def test_nothing_is_sent_again_in_quarantine_or_to_suppressed_and_erased_addresses(
    page: StatusPage, subscribed: Add
) -> None:
    ada = subscribed("ada")
    opened(page)
    drain([NOTIFY])
    one = given_up("bounced")
    quarantine(page, ada, ACTOR, Reason.CAME_BACK)
    drain(["withdraw"])
    assert replay([one.pk]) == 0
    reactivate(page, ada, ACTOR)
    assert replay([one.pk]) == 1
    given_up("dead")
    suppress("email", address_hash("email", ADA), SuppressionReason.MANUAL, ACTOR)
    assert replay([one.pk]) == 0
    erase(page, ada, ACTOR)
    assert replay([one.pk]) == 0


def test_what_waited_for_an_address_in_quarantine_can_be_sent_again_once_it_works(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    ada = subscribed("ada")
    opened(page)
    drain([NOTIFY])
    quarantine(page, ada, ACTOR, Reason.CAME_BACK)
    deliver()
    (waited,) = Delivery.objects.filter(status=DeliveryStatus.DEAD)
    assert "quarantine" in waited.last_error
    reactivate(page, ada, ACTOR)
    assert replay([waited.pk]) == 1
    deliver()
    assert [one["Subject"] for one in mail.mail(ADA)] == ["Investigating: API is slow"]


def test_who_has_not_confirmed_is_asked_again_and_told_nothing_else(page: StatusPage, mail: Sink) -> None:
    subscribe(page, Who(ADA), SYSTEM)
    drain([NOTIFY])
    assert replay([given_up("dead").pk]) == 1
    deliver()
    assert len(mail.mail(ADA)) == 1
    Notification.objects.update(kind="incident.created")
    assert replay([given_up("dead").pk]) == 0


def test_nothing_is_sent_to_quarantine_and_no_link_leads_out_of_it(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    ada = subscribed("ada")
    quarantine(page, ada, ACTOR, Reason.CAME_BACK)
    subscribe(page, Who(ADA), SYSTEM)
    deliver()
    assert mail.raw == []
