"""What the team does with those who are told: many at once, one person's everything, tests."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils import timezone

from common.tenancy import in_tenant
from components.models import Component
from events.models import Event
from notifications.models import Delivery
from notifications.samples import KINDS
from notifications.sms.optouts import opt_out
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed, unsubscribe
from subscribers.choices import Channel, Scope, SubscriberState
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.admin.browser import Browser, Fields, said_by
from tests.conftest import ACTOR, CANARY
from tests.hooks import hooks
from tests.mailing import Add, deliver, mail, opened, subscribed
from tests.proven import proven
from tests.sink import Sink

__all__ = ["mail", "subscribed"]

SCREEN = "/o/acme/admin/subscribers/subscriber/"


@pytest.fixture
def admin(browsers: dict[str, Browser], page: StatusPage) -> Browser:
    caches["limits"].clear()
    return proven(browsers["admin"])


def test_whoever_wrote_stop_is_shown_as_that_and_found(
    admin: Browser, acme: Tenant, page: StatusPage, settings: Any
) -> None:
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["gateway"], ["DE"]
    with in_tenant(acme.id):
        for number in ("+491711234567", "+491721234567"):
            add_confirmed(page, Who(number, Channel.SMS), ACTOR, "test")
    opt_out("+491711234567", "twilio", timezone.now())
    everybody = admin.get(SCREEN).content.decode()
    assert everybody.count("Wrote STOP") == 1
    found = admin.get(f"{SCREEN}?barred=opted_out").content.decode()
    assert ("+491711234567" in found, "+491721234567" in found) == (True, False)


def uploaded(admin: Browser, text: str) -> HttpResponse:
    sent = {"table": SimpleUploadedFile("people.csv", text.encode())}
    return admin.post(f"{SCREEN}import/", sent)  # type: ignore[return-value]


def test_a_file_is_looked_at_and_then_brought_in(
    admin: Browser, acme: Tenant, page: StatusPage, component: Component, subscribed: Add
) -> None:
    with in_tenant(acme.id):
        ada = subscribed("ada")
        unsubscribe(page, ada, ACTOR)
    shown = uploaded(admin, "address,components\nada@example.org,\nbob@example.org,API\nnobody,\n")
    html = shown.content.decode()
    assert (shown.status_code, "bob@example.org" in html, "nobody" in html) == (200, True, True)
    with in_tenant(acme.id):
        assert Subscriber.objects.count() == 1
    seal = Fields(html).values["seal"]

    assert admin.post(f"{SCREEN}import/", {"seal": seal, "consent_note": ""}).status_code == 422
    done = admin.post(f"{SCREEN}import/", {"seal": seal, "consent_note": "On paper"}, follow=True)

    assert "1 person was added." in done.content.decode()
    with in_tenant(acme.id):
        states = dict(Subscriber.objects.values_list("address", "state"))
        assert states == {"ada@example.org": "unsubscribed", "bob@example.org": "active"}
        assert Subscriber.objects.get(address="bob@example.org").scope == Scope.COMPONENTS


def test_only_what_this_person_looked_at_is_brought_in(
    admin: Browser, browsers: dict[str, Browser], acme: Tenant
) -> None:
    seal = Fields(uploaded(admin, "address\nbob@example.org\n").content.decode()).values["seal"]
    for browser, sealed in ((browsers["owner"], seal), (admin, seal[:-2]), (admin, "")):
        answer = browser.post(f"{SCREEN}import/", {"seal": sealed, "consent_note": "x"})
        assert answer.status_code == 422
    with in_tenant(acme.id):
        assert not Subscriber.objects.exists()


@pytest.mark.parametrize("text", ["", "name\nx\n", 'address\n"a"b\n'])
def test_what_is_no_table_is_refused_in_words(admin: Browser, text: str) -> None:
    answer = uploaded(admin, text)
    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (422, True)


def test_what_the_list_shows_is_taken_away(
    admin: Browser, acme: Tenant, page: StatusPage, subscribed: Add
) -> None:
    with in_tenant(acme.id):
        for name in ("ada", "bob", "cy"):
            subscribed(name)
        unsubscribe(page, Subscriber.objects.get(address="cy@example.org"), ACTOR)

    every = said_by(admin.get(f"{SCREEN}export/"))
    active = said_by(admin.get(f"{SCREEN}export/?state__exact=active"))

    assert {row["address"][:1] for row in csv.DictReader(io.StringIO(every.removeprefix("\ufeff")))} == set(
        "abc"
    )
    assert len(active.splitlines()) == 3
    assert CANARY not in every


def test_the_list_counts_by_channel_and_state(admin: Browser, acme: Tenant, subscribed: Add) -> None:
    with in_tenant(acme.id):
        subscribed("ada")
        subscribed("bob")
    html = admin.get(SCREEN).content.decode()
    assert '<a href="?channel__exact=email&amp;state__exact=active">2</a>' in html


def test_a_machine_is_added_with_consent_noted(admin: Browser, acme: Tenant) -> None:
    admin.send(
        f"{SCREEN}add/",
        channel="webhook",
        address="https://example.org/hook",
        contact="ops@example.org",
        label="Ops",
        consent_note="Asked for by mail",
        quiet_from="22:00",
        quiet_until="07:00",
    )
    with in_tenant(acme.id):
        found = Subscriber.objects.get()
        assert (found.channel, found.state, found.label) == ("webhook", SubscriberState.ACTIVE, "Ops")
        assert str(found.quiet_until) == "07:00:00"
        assert found.time_zone == "Europe/Berlin"
        address = f"{SCREEN}{found.pk}/change/"
    assert "?secret=shown" in admin.get(address).content.decode()


def test_a_new_secret_is_shown_and_the_former_is_not(admin: Browser, acme: Tenant, page: StatusPage) -> None:
    admin.send(f"{SCREEN}add/", channel="webhook", address="https://example.org/hook", consent_note="x")
    with in_tenant(acme.id):
        pk = Subscriber.objects.get().pk

    def shown() -> str:
        screen = admin.get(f"{SCREEN}{pk}/change/").content.decode()
        (address,) = re.findall(r'href="([^"]+secret=shown)"', screen)
        return admin.get(address).content.decode().partition("whsec_")[2][:44]

    before = shown()
    admin.post(SCREEN, {"action": "rotate_chosen", "index": "0", "_selected_action": [pk]})
    assert len(before) == 44
    assert shown() != before


def test_everything_about_one_person_is_handed_over(
    admin: Browser, acme: Tenant, page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    with in_tenant(acme.id):
        ada = subscribed("ada")
        subscribed("bob")
        opened(page)
        deliver()
    answer = admin.get(f"{SCREEN}{ada.pk}/person/")
    said = json.loads(answer.content)

    assert "attachment" in answer["Content-Disposition"]
    assert [one["address"] for one in said["subscriptions"]] == ["ada@example.org"]
    assert [one["kind"] for one in said["messages"]] == ["incident.created"]
    assert [one["status"] for one in said["messages"][0]["attempts_made"]] == ["accepted"]
    assert [one["name"] for one in said["events"]] == ["subscriber.added"]
    assert "bob@" not in answer.content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_test_is_made_like_a_real_message_and_says_that_it_is_one(
    kind: str, admin: Browser, acme: Tenant, component: Component, mail: Sink
) -> None:
    answer = admin.send(f"{SCREEN}test/", kind=kind)
    deliver()
    with in_tenant(acme.id):
        delivery = Delivery.objects.get()
        assert not Subscriber.objects.exists()
        event = Event.objects.get(name="notification.test_sent")

    (sent,) = mail.mail("admin@acme.example")
    assert "Test:" in sent["Subject"]
    assert answer["Location"].endswith(f"/delivery/{delivery.pk}/change/")
    assert (delivery.status, "@" in json.dumps(event.facts)) == ("accepted", False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_gets_a_test_as_it_gets_real_ones(
    kind: str, admin: Browser, acme: Tenant, component: Component, settings: Any
) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as machine:
        admin.send(f"{SCREEN}test/", kind=kind, channel=Channel.WEBHOOK.value, address=machine.url())
        deliver()
        (got,) = machine.got
    assert got.body["meta"]["event"] == kind
    assert "incident" in got.body or "subscription" in got.body


def test_tests_are_counted(admin: Browser, acme: Tenant, mail: Sink) -> None:
    answers = [admin.send(f"{SCREEN}test/", kind="incident.created").status_code for _ in range(6)]
    assert answers == [302] * 5 + [422]
    with in_tenant(acme.id):
        assert Delivery.objects.count() == 5


def test_a_test_goes_to_no_address_that_is_none(admin: Browser, acme: Tenant) -> None:
    for given in ({"address": "nobody"}, {"channel": "pigeon"}, {"kind": "gossip"}):
        answer = admin.send(f"{SCREEN}test/", **{"kind": "incident.created"} | given)
        assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (422, True)
    with in_tenant(acme.id):
        assert not Delivery.objects.exists()
