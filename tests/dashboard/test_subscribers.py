"""Subscribers and messages, as those who look after a page see and change them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.tenancy import in_tenant
from events.models import Event
from notifications.actions import suppress
from notifications.choices import SuppressionReason
from notifications.models import Delivery, Suppression
from notifications.trials import send_test
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.change import NOTIFY
from subscribers.actions import Who, add_confirmed
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.admin.browser import said_by
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor
from tests.proven import proven

ADA = "ada@example.org"


@pytest.fixture
def admin(visitors: dict[str, Visitor]) -> Visitor:
    return proven(visitors["admin"])


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.home}subscribers/"


@pytest.fixture
def ada(place: Place) -> Subscriber:
    return add_confirmed(place.page, Who(ADA), ACTOR, "Asked by phone.")


@pytest.fixture
def sent(place: Place) -> Delivery:
    # An address of its own: few are sent to one.
    return send_test(place.page, "email", f"{place.page.pk}@example.org", "incident.created", ACTOR)


def test_somebody_is_added_with_what_they_want(admin: Visitor, acme: Tenant, place: Place, at: str) -> None:
    new = f"{at}new"
    asked = {"scope": "components", "components": [place.api.pk], "digest_at": "08:00"}
    text = admin.send(new, "consent_note", address=ADA, **asked).content.decode()
    assert "Nothing was saved yet" in text
    assert ADA in text
    admin.send(new, "consent_note", address=ADA, consent_note="Asked by phone.", **asked)
    with in_tenant(acme.id):
        found = Subscriber.objects.get(address=ADA)
        assert (found.state, found.scope, str(found.digest_at)) == ("active", "components", "08:00:00")
        assert [one.pk for one in found.components.all()] == [place.api.pk]
    assert ADA in admin.see(at)


def test_what_somebody_wants_is_changed_and_the_rest_stays(
    admin: Visitor, acme: Tenant, at: str, ada: Subscriber
) -> None:
    own = f"{at}{ada.pk}/"
    admin.send(own, "min_impact", min_impact="major", wants_maintenance=None)
    with in_tenant(acme.id):
        ada.refresh_from_db()
        assert (ada.min_impact, ada.wants_maintenance, ada.wants_incidents) == ("major", False, True)


def test_somebody_is_put_in_quarantine_and_taken_out(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    who = Who("https://example.org/hook", "webhook", contact=ADA)
    hook = add_confirmed(place.page, who, ACTOR, "Asked by phone.")
    own, states = f"{at}{hook.pk}/", []
    for verb in ("quarantine", "reactivate"):
        assert f"{own}{verb}" in admin.see(own)
        admin.post(f"{own}{verb}")
        with in_tenant(acme.id):
            hook.refresh_from_db()
            states.append(hook.state)
    assert states == ["quarantined", "active"]
    admin.post(f"{own}unsubscribe")
    refused = admin.post(f"{own}quarantine", follow=True).content.decode()
    assert "told nothing as it is" in refused
    assert "Nothing is sent to them until" not in refused
    with in_tenant(acme.id):
        told = [str(one) for one in Event.objects.about("subscriber", hook.pk).values_list("pk", flat=True)]
    # Its owner need not hear of it: nothing is wrong with it.
    assert len(told) == 4
    assert not OutboxItem.objects.filter(topic=NOTIFY, key__in=told).exists()


def test_somebody_is_unsubscribed_and_erased(admin: Visitor, acme: Tenant, at: str, ada: Subscriber) -> None:
    own = f"{at}{ada.pk}/"
    assert json.loads(admin.get(f"{own}person").content)
    admin.post(f"{own}unsubscribe")
    with in_tenant(acme.id):
        ada.refresh_from_db()
        assert ada.state == "unsubscribed"
    assert ADA in admin.see(f"{own}erase")
    admin.post(f"{own}erase")
    assert admin.get(own).status_code == 404
    assert ADA not in admin.see(at)


FILTERS = [
    ({}, {"ada", "grace"}),
    ({"q": "ada@"}, {"ada"}),
    ({"state": "active"}, {"ada", "grace"}),
    ({"state": "unsubscribed"}, set()),
    ({"channel": "sms"}, set()),
    ({"channel": "nonsense", "state": "nonsense", "sort": "nonsense", "page": "nonsense"}, {"ada", "grace"}),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
def test_the_list_and_its_table_are_filtered_alike(
    admin: Visitor, place: Place, at: str, ada: Subscriber, query: dict[str, str], found: set[str]
) -> None:
    add_confirmed(place.page, Who("grace@example.org"), ACTOR, "Asked.")
    listed = admin.get(at, query).content.decode()
    table = said_by(admin.get(f"{at}export", query))
    for name in ("ada", "grace"):
        assert (f"{name}@example.org</a>" in listed) == (f"{name}@example.org" in table) == (name in found)


def test_a_table_is_looked_at_first_and_then_added(
    admin: Visitor, acme: Tenant, at: str, ada: Subscriber
) -> None:
    content = f"address,label\n{ADA},Ada\nnew@example.org,New\nnonsense,\n".encode()
    upload = SimpleUploadedFile("people.csv", content, content_type="text/csv")
    text = admin.post(f"{at}import", {"table": upload}).content.decode()
    assert "nonsense" in text
    with in_tenant(acme.id):
        assert Subscriber.objects.count() == 1
    seal = text.split('name="seal" value="')[1].split('"')[0]
    refused = admin.post(f"{at}import", {"seal": seal, "consent_note": ""})
    assert refused.status_code == 422
    admin.post(f"{at}import", {"seal": seal, "consent_note": "From the old page."})
    with in_tenant(acme.id):
        assert set(Subscriber.objects.values_list("address", flat=True)) == {ADA, "new@example.org"}
    assert admin.post(f"{at}import").status_code == 422


def test_a_test_is_sent_and_followed(admin: Visitor, acme: Tenant, place: Place) -> None:
    test = f"{place.home}notifications/test"
    answer = admin.send(test, "kind", kind="incident.resolved")
    with in_tenant(acme.id):
        made = Delivery.objects.get()
        assert made.target == "admin@acme.example"
    assert answer["Location"] == f"{place.home}notifications/deliveries/{made.pk}/"
    wrong = admin.send(test, "kind", address="nonsense").content.decode()
    assert "nonsense" in wrong
    assert "Nothing was saved yet" in wrong


def test_what_was_told_is_named_in_words_and_as_machines_know_it(
    admin: Visitor, place: Place, sent: Delivery
) -> None:
    told = f"{place.home}notifications/"
    drain([NOTIFY])
    for screen in (told, f"{told}{sent.notification_id}/", f"{told}deliveries/{sent.pk}/"):
        text = admin.get(screen, headers={"accept-language": "de"}).content.decode()
        assert "Störung: angelegt" in text, screen
        assert ">incident.created</code>" in text, screen


def test_what_died_is_listed_and_sent_again(
    admin: Visitor, acme: Tenant, place: Place, ada: Subscriber, sent: Delivery
) -> None:
    Delivery.objects.filter(pk=sent.pk).update(
        status="dead", subscriber_id=ada.pk, link_version=ada.token_version, last_error="Nobody answered."
    )
    listed = f"{place.home}notifications/deliveries/"
    assert "Nobody answered." in admin.see(listed)

    def again(**asked: Any) -> str:
        Delivery.objects.filter(pk=sent.pk).update(status="dead")
        admin.post(f"{listed}replay", asked)
        return Delivery.objects.get(pk=sent.pk).status

    assert again(id=[sent.pk]) == "pending"
    assert again(since="hour") == "pending"
    assert again(notification=sent.notification_id) == "pending"
    assert again() == "dead"
    assert again(id=["nonsense", "99999999999999999999"], since="nonsense") == "dead"


def test_an_address_is_held_back_and_allowed_again(admin: Visitor, place: Place, sent: Delivery) -> None:
    own = f"{place.home}notifications/deliveries/{sent.pk}/"
    admin.post(f"{own}suppress")
    assert Suppression.objects.count() == 1
    assert "must not be written to" in admin.see(own)
    admin.post(f"{own}allow")
    assert not Suppression.objects.exists()


def test_what_another_organisation_holds_back_is_not_told(
    admin: Visitor, globex: Tenant, place: Place, sent: Delivery
) -> None:
    at = f"{place.home}notifications/deliveries/{sent.pk}/"
    with in_tenant(globex.pk):
        suppress(sent.channel, sent.target_hash, SuppressionReason.COMPLAINED, ACTOR)
    assert "must not be written to" not in admin.see(at)
    Suppression.objects.update(tenant_id=None)
    assert "must not be written to" in admin.see(at)
    assert "Allow writing" not in admin.see(at)


def test_the_progress_of_a_message_asks_again_until_it_is_over(
    editor: Visitor, place: Place, sent: Delivery
) -> None:
    own = f"{place.home}notifications/{sent.notification_id}/"
    assert "hx-get" in editor.see(f"{own}progress")
    assert sent.target not in editor.see(own)
    Delivery.objects.filter(pk=sent.pk).update(status="accepted")
    assert "hx-get" not in editor.see(f"{own}progress")
    assert "1 of 1 sent" in editor.see(own)


def test_lists_take_the_same_queries_however_long(admin: Visitor, place: Place, at: str) -> None:
    counts = []
    admin.get(at)
    for size in (1, 12):
        for number in range(size):
            add_confirmed(place.page, Who(f"{size}-{number}@example.org"), ACTOR, "Asked.")
            Delivery.objects.filter(
                pk=send_test(
                    place.page, "email", f"{size}.{number}@example.org", "incident.created", ACTOR
                ).pk
            ).update(status="dead")
        with CaptureQueriesContext(connection) as queries:
            admin.get(at)
            admin.get(f"{place.home}notifications/")
            admin.get(f"{place.home}notifications/deliveries/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 60
