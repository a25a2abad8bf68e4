"""Who is told of what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import current_tenant_id
from components.actions import create_component, create_group, set_status
from components.models import Component
from events.actor import SYSTEM
from incidents.actions.incident import post_update, resolve
from incidents.actions.maintenance import schedule_maintenance
from incidents.models import Incident
from incidents.steps import Words
from notifications import expansion
from notifications.actions import allow, suppress
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.models import Attempt, Delivery, Notification, Suppression
from outbox.drain import drain
from outbox.models import OutboxItem
from outbox.queue import put
from pages.actions import create_page
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import (
    Who,
    add_confirmed,
    confirm,
    erase,
    quarantine,
    reactivate,
    subscribe,
    unsubscribe,
    update_preferences,
)
from subscribers.addresses import address_hash
from subscribers.choices import Reason
from subscribers.models import Subscriber
from subscribers.wishes import Wish
from tenants.models import Tenant
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink


@pytest.fixture
def parts(page: StatusPage) -> dict[str, Component]:
    group = create_group(page, ACTOR, name="Front")
    web = create_component(page, ACTOR, name="Website", group=group)
    return {"api": create_component(page, ACTOR, name="API"), "web": web}


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def told(mail: Sink) -> list[str]:
    """Names of those who got mail since the last call."""
    names = sorted(recipient.removesuffix("@example.org") for recipient in mail.recipients)
    mail.raw.clear()
    return names


def test_components_kinds_impacts_and_cadence_decide_who_is_told(
    page: StatusPage, parts: dict[str, Component], subscribed: Add, mail: Sink
) -> None:
    api = frozenset({parts["api"].pk})
    subscribed("all")
    subscribed("api", scope="components", component_ids=api)
    subscribed("web", scope="components", component_ids=frozenset({parts["web"].pk}))
    subscribed("front", scope="components", group_ids=frozenset({parts["web"].group_id}))
    subscribed("only_maintenance", wants_incidents=False)
    subscribed("major", min_impact="major")
    subscribed("critical", min_impact="critical")
    subscribed("edges", cadence="first_and_last")
    everybody = ["all", "api", "critical", "edges", "front", "major", "web"]

    about_api = opened(page, parts["api"], "partial_outage")
    deliver()
    assert told(mail) == ["all", "api", "edges", "major"]
    subscribed("one", scope="incident", incident_id=about_api.pk)
    post_update(page, about_api, ACTOR, Words("identified", "Found."))
    deliver()
    assert told(mail) == ["all", "api", "major", "one"]
    resolve(page, about_api, ACTOR)
    deliver()
    assert told(mail) == ["all", "api", "edges", "major", "one"]

    opened(page, parts["web"], "degraded_performance")
    deliver()
    assert told(mail) == ["all", "edges", "front", "web"]

    opened(page, parts["web"], "major_outage")
    deliver()
    assert told(mail) == ["all", "critical", "edges", "front", "major", "web"]

    opened(page, impact_override="critical")
    deliver()
    assert told(mail) == everybody


def test_maintenance_reaches_those_who_want_it(
    page: StatusPage, parts: dict[str, Component], subscribed: Add, mail: Sink
) -> None:
    subscribed("all")
    subscribed("critical", min_impact="critical")
    subscribed("only_incidents", wants_maintenance=False)
    begins = datetime(2030, 12, 1, 20, tzinfo=UTC)
    schedule_maintenance(
        page,
        ACTOR,
        "We move to new disks.",
        name="Work",
        scheduled_for=begins,
        scheduled_until=begins + timedelta(hours=2),
        components=[parts["api"].pk],
    )
    deliver()
    assert mail.mail("all@example.org")[-1]["Subject"] == "Scheduled maintenance: Work"
    assert "1 December 2030, 21:00 – 1 December 2030, 23:00 CET" in mail.everything()
    assert told(mail) == ["all", "critical"]


def test_who_is_not_active_when_it_happens_is_not_told(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("active")
    gone, ill, erased = subscribed("gone"), subscribed("ill"), subscribed("erased")
    unsubscribe(page, gone, ACTOR)
    quarantine(page, ill, ACTOR, Reason.CAME_BACK)
    erase(page, erased, ACTOR)
    subscribe(page, Who("unconfirmed@example.org"), SYSTEM)
    deliver()
    told(mail)
    opened(page)
    subscribed("late")
    deliver()
    assert told(mail) == ["active"]
    reactivate(page, ill, ACTOR)
    opened(page, name="Later")
    deliver()
    assert told(mail) == ["active", "ill", "late"]


def test_who_confirms_at_the_same_instant_is_told_once(page: StatusPage, mail: Sink) -> None:
    """By versions, not by clocks: those of two machines may differ, and instants may be equal."""
    for name in ("before", "after"):
        subscribe(page, Who(f"{name}@example.org"), SYSTEM)
    deliver()
    told(mail)
    before, after = (Subscriber.objects.get(address__startswith=name) for name in ("before", "after"))
    confirm(page, before, SYSTEM)
    Subscriber.objects.filter(pk=before.pk).update(confirmed_at=timezone.now().replace(year=2100))
    opened(page)
    confirm(page, after, SYSTEM)
    Subscriber.objects.filter(pk=after.pk).update(confirmed_at=timezone.now().replace(year=2000))
    deliver()
    subjects = {
        name: [str(one["Subject"]) for one in mail.mail(f"{name}@example.org")]
        for name in ("before", "after")
    }
    assert subjects["before"] == ["You are subscribed to Acme", "Investigating: API is slow"]
    assert subjects["after"] == ["You are subscribed to Acme"]
    welcome = mail.mail("after@example.org")[0].get_body(("plain",))
    assert welcome is not None
    assert "API is slow" in welcome.get_content()
    first = mail.mail("before@example.org")[0].get_body(("plain",))
    assert first is not None
    assert "API is slow" not in first.get_content()


def test_the_welcome_tells_only_what_was_asked_for(
    page: StatusPage, parts: dict[str, Component], mail: Sink
) -> None:
    opened(page, parts["api"], name="About the API")
    opened(page, parts["web"], name="About the website")
    opened(page, name="About everything")
    secret = create_component(page, ACTOR, name="Vault", restricted=True)
    opened(page, secret, name="About the vault")
    wish = Wish(scope="components", component_ids=frozenset({parts["api"].pk}))
    subscribe(page, Who("ada@example.org"), SYSTEM, wish)
    confirm(page, Subscriber.objects.get(), SYSTEM)
    deliver()
    said = text_of(mail.mail("ada@example.org")[-1])
    titles = [f"About {name}" for name in ("the API", "the website", "everything", "the vault")]
    assert [title in said for title in titles] == [True, False, True, False]


def test_suppressed_addresses_are_held_back_for_their_tenant_or_for_all(
    page: StatusPage, subscribed: Add, mail: Sink, globex: Tenant
) -> None:
    ada, bob = subscribed("ada"), subscribed("bob")
    suppress("email", address_hash("email", "ADA@example.org"), SuppressionReason.COMPLAINED, ACTOR)
    opened(page)
    deliver()
    assert told(mail) == ["bob"]
    assert Delivery.objects.get(subscriber_id=ada.pk).status == DeliveryStatus.SUPPRESSED
    assert allow("email", address_hash("email", "ada@example.org"), ACTOR)
    opened(page, name="Another")
    deliver()
    assert told(mail) == ["ada", "bob"]
    opened(page, name="A third")
    for tenant_id, who in ((globex.pk, ada), (None, bob)):
        Suppression.objects.create(
            tenant_id=tenant_id,
            channel="email",
            target_hash=who.address_hash,
            reason=SuppressionReason.MANUAL,
            created_at=timezone.now(),
        )
    deliver()
    assert told(mail) == ["ada"]


def test_an_address_suppressed_after_expansion_is_not_written_to(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    opened(page)
    expand_all()
    suppress("email", address_hash("email", "ada@example.org"), SuppressionReason.MANUAL, ACTOR)
    deliver()
    assert told(mail) == []
    assert Delivery.objects.get().status == DeliveryStatus.SUPPRESSED


def expand_all() -> None:
    drain([NOTIFY])


def test_who_leaves_while_mail_waits_does_not_get_it(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    ada, bob = subscribed("ada"), subscribed("bob")
    opened(page)
    expand_all()
    unsubscribe(page, ada, ACTOR)
    erase(page, bob, ACTOR)
    deliver()
    assert told(mail) == []
    assert set(Delivery.objects.values_list("status", "target")) == {
        ("suppressed", "ada@example.org"),
        ("suppressed", ""),
    }


def test_erasing_takes_the_address_out_of_everything_that_was_sent(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    ada = subscribed("ada")
    mail.data_answers = ["554 5.7.1 Not for ada@example.org"]
    opened(page, name="Refused")
    opened(page, name="Sent")
    deliver()
    assert told(mail) == ["ada"]
    erase(page, ada, ACTOR)
    deliver()
    left = str([*Delivery.objects.values(), *Attempt.objects.values()])
    assert left.count("'accepted'") == 2
    # The attempt failed; the delivery must not be sent again.
    assert left.count("'failed'") == 1
    assert left.count("'suppressed'") == 1
    assert "ada@example.org" not in left
    assert ada.address_hash not in left


@pytest.mark.parametrize("step", [1, 2, 3, 10])
def test_nobody_is_skipped_or_told_twice_however_large_the_steps(
    step: int, page: StatusPage, subscribed: Add, mail: Sink, monkeypatch: Any
) -> None:
    monkeypatch.setattr(expansion, "STEP", step)
    names = sorted(f"p{number}" for number in range(7))
    for name in names:
        subscribed(name)
    opened(page)
    deliver()
    assert told(mail) == names
    mine = Notification.objects.of(current_tenant_id())
    notification = mine.get()
    assert notification.recipients == 7
    assert notification.expanded_at is not None
    put(NOTIFY, notification.tenant_id, [str(notification.event_id)])
    mine.update(expanded_at=None, checkpoint="")
    deliver()
    assert told(mail) == []
    assert Delivery.objects.count() == 7


def test_subscribers_of_another_page_are_not_told(
    page: StatusPage, subscribed: Add, mail: Sink, globex: Tenant
) -> None:
    subscribed("ada")
    other = create_page(ACTOR, name="Other", slug="other")
    add_confirmed(other, Who("other@example.org"), SYSTEM, "test")
    opened(page)
    deliver()
    assert told(mail) == ["ada"]


def test_changed_choices_count_from_then_on(
    page: StatusPage, parts: dict[str, Component], subscribed: Add, mail: Sink
) -> None:
    ada = subscribed("ada")
    update_preferences(page, ada, ACTOR, Wish(scope="components", component_ids=frozenset({parts["web"].pk})))
    opened(page, parts["api"])
    deliver()
    assert told(mail) == []


def test_a_silent_change_tells_nobody(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    opened(page, notify=False)
    deliver()
    assert told(mail) == []
    assert Incident.objects.exists()


def test_a_component_that_changes_without_a_notice_tells_no_person(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    set_status(page, {component.pk: "major_outage"}, ACTOR)
    deliver()
    assert told(mail) == []
    assert not OutboxItem.objects.filter(topic=NOTIFY).exists()
