"""Before publishing: exactly those are counted who would be told, and nothing of it happens."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from common.errors import Refused
from common.tenancy import current_tenant_id, in_tenant
from components.actions import create_component, create_group, update_component
from components.models import Component
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import open_incident, resolve
from incidents.foretelling import foretell_update
from incidents.models import Incident
from incidents.steps import Words
from notifications.actions import suppress
from notifications.choices import SuppressionReason
from notifications.dry_run import dry_run, dry_run_of
from notifications.models import Delivery, Notification, Suppression
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import update_page
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.addresses import address_hash
from subscribers.choices import Channel
from subscribers.wishes import Wish
from tenants.models import Tenant
from tests.mailing import ACTOR, opened


def told(page: StatusPage, address: str, channel: str = Channel.EMAIL, **wish: Any) -> None:
    add_confirmed(page, Who(address, channel), SYSTEM, "test", Wish(**wish))


def _everywhere(one: Suppression) -> Suppression:
    return Suppression(
        channel=one.channel, target_hash=one.target_hash, reason=one.reason, created_at=one.created_at
    )


@pytest.fixture
def crowd(page: StatusPage, component: Component, globex: Tenant) -> None:
    """Of every kind, with some that a given message does not concern."""
    other = create_component(page, ACTOR, name="Search")
    group = create_group(page, ACTOR, name="Core")
    update_component(page, component, ACTOR, group=group)
    for name in ("ada", "bob"):
        told(page, f"{name}@example.org")
    told(page, "eve@example.org", min_impact="critical")
    told(page, "kim@example.org", scope="components", component_ids=frozenset([other.pk]))
    told(page, "lee@example.org", cadence="first_and_last")
    told(page, "max@example.org", wants_incidents=False)
    told(page, "sam@example.org", scope="components", component_ids=frozenset([component.pk]))
    told(page, "gus@example.org", scope="components", group_ids=frozenset([group.pk]))
    told(page, "out@example.org")
    told(page, "oft@example.org", scope="components", component_ids=frozenset([component.pk]))
    for name in ("out", "oft", "kim"):
        suppress(Channel.EMAIL, address_hash("email", f"{name}@example.org"), SuppressionReason.MANUAL, ACTOR)
    # Everywhere as well: not to be taken off twice.
    Suppression.objects.bulk_create(_everywhere(one) for one in Suppression.objects.all())
    told(page, "https://hooks.example.org/a", Channel.WEBHOOK)
    told(page, "https://hooks.slack.com/services/a", Channel.SLACK)
    with in_tenant(globex.pk):
        told(StatusPage.objects.get(), "ada@example.org")


@pytest.mark.parametrize("status", ["major_outage", "partial_outage", "degraded_performance"])
def test_the_counts_are_those_of_the_real_thing(
    page: StatusPage, component: Component, crowd: None, status: str
) -> None:
    (tried,) = dry_run(page, lambda stage: opened(stage, component, status))
    opened(page, component, status)
    drain([NOTIFY])
    mine = Delivery.objects.of(current_tenant_id()).filter(notification__kind="incident.created").waiting()
    assert tried.recipients == Counter(mine.values_list("channel", flat=True))
    assert tried.recipients["email"] == (6 if status == "major_outage" else 5)
    assert tried.kind == "incident.created"


def test_nothing_of_it_has_happened(page: StatusPage, component: Component, crowd: None) -> None:
    counted: list[Any] = [Event, OutboxItem, Incident, Notification, Delivery]
    before = page.version, [one.objects.count() for one in counted]
    dry_run(page, lambda stage: opened(stage, component))
    component.refresh_from_db()
    page.refresh_from_db()
    assert before == (page.version, [one.objects.count() for one in counted])
    opened(page, component)
    assert page.version == before[0] + 1


def test_each_channel_with_recipients_has_a_sample(
    page: StatusPage, component: Component, crowd: None
) -> None:
    (tried,) = dry_run(page, lambda stage: opened(stage, component))
    assert set(tried.samples) == {"email", "webhook", "slack"}
    mail, webhook, slack = (tried.samples[name] for name in ("email", "webhook", "slack"))
    assert mail.subject == "Investigating: API is slow"
    assert "We are looking into slow answers." in mail.text
    assert "<strong>slow</strong>" in mail.html
    assert "http://acme.localhost:8000/subscriptions/" in mail.text
    assert ".invalid" not in mail.text + mail.html
    assert json.loads(webhook.payload)["incident"]["name"] == "API is slow"
    assert "blocks" in json.loads(slack.payload)


def test_what_the_verb_refuses_is_refused(page: StatusPage, component: Component) -> None:
    with pytest.raises(Refused):
        dry_run(page, lambda stage: open_incident(stage, ACTOR, Words("nonsense", "Hm."), name="X"))
    assert opened(page, component).pk


def test_an_update_is_tried_on_what_there_is(page: StatusPage, component: Component, crowd: None) -> None:
    incident = opened(page, component)
    for name in ("ida", "kim"):
        told(page, f"{name}@example.net", scope="incident", incident_id=incident.pk)
    (tried,) = dry_run(page, lambda stage: resolve(stage, incident, ACTOR, "It works."))
    assert tried.kind == "incident.resolved"
    assert tried.recipients["email"] == 8
    foretold = foretell_update(page, incident, Words("resolved", "It works."), now=timezone.now())
    looked = dry_run_of(page, foretold, {"email", "sms", "teams"})
    assert (looked.kind, looked.recipients) == (tried.kind, tried.recipients)
    assert looked.samples.keys() == {"email"}
    assert looked.samples["email"].subject == tried.samples["email"].subject == "Resolved: API is slow"
    update_page(page, ACTOR, published=False)
    assert dry_run_of(StatusPage.objects.get(), foretold, {"email"}).recipients == {}
    incident.refresh_from_db()
    assert incident.status == "investigating"


def test_a_change_that_tells_nobody_says_so(page: StatusPage, component: Component, crowd: None) -> None:
    assert dry_run(page, lambda stage: opened(stage, component, notify=False)) == []
