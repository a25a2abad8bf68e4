"""Webhooks of the team's own, in the settings of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from standardwebhooks import Webhook

from common.tenancy import in_tenant
from dashboard.endpoints import State, endpoints
from notifications.models import Delivery
from notifications.signing import secret
from subscribers.actions import Who, add_confirmed, quarantine, reactivate, subscribe
from subscribers.choices import Channel, Reason
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor
from tests.hooks import Answer, Hooks, hooks
from tests.mailing import deliver, opened
from tests.proven import proven


@pytest.fixture
def admin(visitors: dict[str, Visitor]) -> Visitor:
    return proven(visitors["admin"])


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.home}settings/webhooks/"


@pytest.fixture
def machine(settings: Any) -> Iterator[Hooks]:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    caches["limits"].clear()
    with hooks() as running:
        yield running


def added(place: Place, machine: Hooks) -> Subscriber:
    return add_confirmed(place.page, Who(machine.url(), Channel.WEBHOOK, label="Bot"), ACTOR, "Ours.")


def test_a_webhook_is_added_with_who_looks_after_it(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    url = "https://hooks.example.org/status"
    typed = {"address": "nonsense", "label": "Bot", "components": [place.api.pk]}
    refused = admin.send(f"{at}new", "address", **typed).content.decode()
    assert "Nothing was saved yet" in refused
    assert 'value="admin@acme.example"' in refused
    assert admin.send(f"{at}new", "address", **typed | {"address": url}).status_code == 302
    with in_tenant(acme.id):
        made = Subscriber.objects.get()
        assert (made.address, made.label, made.contact) == (url, "Bot", "admin@acme.example")
        assert (made.channel, made.state, made.scope) == ("webhook", "active", "components")
        assert [one.pk for one in made.components.all()] == [place.api.pk]
    assert "Bot" in admin.see(at)
    assert "already" in admin.send(f"{at}new", "address", **typed | {"address": url}).content.decode()


def test_a_test_is_signed_like_a_real_message(admin: Visitor, place: Place, at: str, machine: Hooks) -> None:
    webhook = added(place, machine)
    own = f"{at}{webhook.pk}/"
    admin.post(f"{own}secret")
    shown = secret(webhook.pk, 2)
    assert shown not in admin.see(own)
    text = admin.see(f"{own}?secret=shown")
    assert shown in text
    assert "The former secret signs as well until" in text
    assert "/deliveries/" in admin.post(f"{own}test")["Location"]
    deliver()
    (got,) = machine.got
    Webhook(shown).verify(got.raw, got.headers)
    assert "Sent there" in admin.see(own)
    webhook.refresh_from_db()
    assert webhook.is_active, "The links of a test lead to nobody."


# What is written down of why somebody is in quarantine, and what a German reads.
STORED = {
    "team": "Vom Team der Seite in Quarantäne genommen.",
    "came_back": "Mails an diese Adresse kamen zurück.",
    "failed": "Die Maschine unter dieser Adresse hat fünf Tage lang nicht funktioniert.",
    "gone": "Die Maschine unter dieser Adresse sagt, dass sie endgültig weg ist (410).",
    "A former release wrote a sentence.": "A former release wrote a sentence.",
}


def test_what_was_given_up_is_taken_up_again_with_what_it_missed(
    admin: Visitor, acme: Tenant, place: Place, at: str, machine: Hooks
) -> None:
    webhook = added(place, machine)
    own = f"{at}{webhook.pk}/"
    opened(place.page)
    with in_tenant(acme.id):
        deliver()
        Delivery.objects.update(status="dead")
        quarantine(place.page, webhook, ACTOR, Reason.FAILED)
    machine.got.clear()
    for stored, shown in STORED.items():
        webhook.quarantine_reason = stored
        webhook.save(update_fields=["quarantine_reason"])
        for screen in (at, own, f"{place.home}subscribers/{webhook.pk}/"):
            assert shown in admin.get(screen, headers={"accept-language": "de"}).content.decode()
    text = admin.get(own, headers={"accept-language": "de"}).content.decode()
    assert "Störung: angelegt" in text
    assert ">incident.created</code>" in text
    admin.post(f"{own}again", {"missed": "1"})
    deliver()
    assert machine.got == [], "Nothing goes where nobody listens."
    admin.post(f"{own}again", {"up": "1", "missed": "on"})
    deliver()
    assert len(machine.got) == 1
    webhook.refresh_from_db()
    assert webhook.is_active
    refused = admin.post(f"{own}again", {"up": "1"}, follow=True).content.decode()
    assert "Only somebody in quarantine can be reactivated." in refused


def test_one_that_was_removed_can_be_added_again(
    admin: Visitor, acme: Tenant, place: Place, at: str, machine: Hooks
) -> None:
    webhook = added(place, machine)
    assert "Bot" in admin.see(f"{at}{webhook.pk}/remove")
    admin.post(f"{at}{webhook.pk}/remove")
    with in_tenant(acme.id):
        assert not Subscriber.objects.exists()
    assert added(place, machine).is_active


def test_how_each_fares_is_told_apart(place: Place, acme: Tenant, machine: Hooks) -> None:
    """Quiet, healthy, failing, given up, not confirmed; those of others are only counted."""
    page, bad = place.page, Answer(500)
    quiet = added(place, machine)
    assert [one.state for one in endpoints(acme.pk, page, [quiet])] == [State.QUIET]
    opened(page)
    deliver()
    healthy, last = quiet, endpoints(acme.pk, page, [quiet])[0].last
    assert last is not None
    assert endpoints(acme.pk, page, [healthy])[0].state == State.HEALTHY
    machine.always = bad
    opened(page)
    deliver()
    (failing,) = endpoints(acme.pk, page, [healthy])
    assert (failing.state, failing.since is not None) == (State.FAILING, True)
    assert failing.last is not None
    assert "500" in failing.last.last_error
    quarantine(page, healthy, ACTOR, Reason.FAILED)
    healthy.refresh_from_db()
    assert endpoints(acme.pk, page, [healthy])[0].state == State.GIVEN_UP
    again = reactivate(page, healthy, ACTOR)
    assert endpoints(acme.pk, page, [again])[0].state == State.QUIET, "What was before is forgiven."
    subscribe(page, Who(machine.url("/theirs"), Channel.WEBHOOK), ACTOR)
    theirs = Subscriber.objects.get(state="unconfirmed")
    assert endpoints(acme.pk, page, [theirs])[0].state == State.UNCONFIRMED
