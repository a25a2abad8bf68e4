"""Mail by a service's API: by whom, in how many calls, and what its answers come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.cache import caches
from django.utils import timezone

from notifications import circuits
from notifications.choices import DeliveryStatus
from notifications.models import Attempt, Delivery
from pages.models import StatusPage
from subscribers.choices import SubscriberState
from tests.hooks import Answer, Got, Hooks, hooks
from tests.mailing import Add, deliver, opened
from tests.sink import Sink, sink

NAMES = ["ada", "bob", "eve"]


@pytest.fixture
def service() -> Iterator[Hooks]:
    caches["limits"].clear()
    with hooks() as running:
        yield running


def mailgun(service: Hooks) -> dict[str, Any]:
    options = {"api_key": "key", "sender_domain": "example.org", "api_url": service.url("/v3")}
    service.always = Answer(body='{"id": "<number@example.org>", "message": "Queued."}')
    return {"name": "mailgun", "kind": "mailgun", "options": options}


def brevo(service: Hooks) -> dict[str, Any]:
    service.always = Answer(body='{"messageId": "<number@example.org>"}')
    return {"name": "brevo", "kind": "brevo", "options": {"api_key": "key", "api_url": service.url("/v3")}}


def smtp(port: int) -> dict[str, Any]:
    return {"name": "smtp", "kind": "smtp", "options": {"host": "127.0.0.1", "port": port}}


def fields(got: Got) -> dict[str, list[str]]:
    return parse_qs(got.raw.decode())


def make_due() -> None:
    Delivery.objects.filter(status="pending").update(next_attempt_at=timezone.now())


def test_one_call_carries_many_each_with_links_and_headers_of_their_own(
    page: StatusPage, subscribed: Add, service: Hooks, settings: Any
) -> None:
    settings.EMAIL_PROVIDERS = [mailgun(service)]
    people = {f"{name}@example.org": subscribed(name) for name in NAMES}
    opened(page)
    deliver()
    (got,) = service.got
    said = fields(got)
    assert got.path == "/v3/example.org/messages"
    assert sorted(said["to"]) == sorted(people)
    assert "%recipient.manage%" in said["text"][0]
    assert "%recipient.leave%" in said["html"][0]
    assert ".invalid" not in str(said)
    own = json.loads(said["recipient-variables"][0])
    for delivery in Delivery.objects.all():
        mine = own[delivery.target]
        assert delivery.subscriber_id in mine["manage"]
        assert mine["h:List-Unsubscribe"] == f"<{mine['leave']}>"
        assert mine["h:Message-Id"] == f"<delivery-{delivery.pk}@acme.localhost>"
        assert mine["v:delivery"] == str(delivery.pk)
        assert (delivery.provider, delivery.provider_message_id) == ("mailgun", "number@example.org")
    assert Delivery.objects.all().tally() == {DeliveryStatus.ACCEPTED: 3}


def test_where_a_service_cannot_do_that_each_gets_a_call(
    page: StatusPage, subscribed: Add, service: Hooks, settings: Any
) -> None:
    settings.EMAIL_PROVIDERS = [brevo(service)]
    people = {f"{name}@example.org": subscribed(name).pk for name in NAMES}
    opened(page)
    deliver()
    sent = {one.body["to"][0]["email"]: one.body for one in service.got}
    assert sent.keys() == people.keys()
    for address, body in sent.items():
        assert people[address] in body["textContent"]
        assert people[address] in body["headers"]["List-Unsubscribe"]
        assert body["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert not [pk for other, pk in people.items() if other != address and pk in str(body)]
    assert Delivery.objects.all().tally() == {DeliveryStatus.ACCEPTED: 3}


@pytest.mark.parametrize(
    ("answer", "status", "opens"),
    [
        (Answer(500, "broken"), DeliveryStatus.PENDING, True),
        (Answer(401, "wrong key"), DeliveryStatus.PENDING, True),
        (Answer(429, "slowly", {"Retry-After": "90"}), DeliveryStatus.PENDING, False),
        (Answer(400, "no such template"), DeliveryStatus.FAILED, False),
        (Answer(0), DeliveryStatus.PENDING, True),
    ],
)
def test_what_a_services_refusal_comes_to(
    answer: Answer,
    status: str,
    opens: bool,
    page: StatusPage,
    subscribed: Add,
    service: Hooks,
    settings: Any,
) -> None:
    settings.EMAIL_PROVIDERS = [brevo(service)]
    service.always = answer
    ada = subscribed("ada")
    opened(page)
    for _ in range(circuits.FAILURES):
        make_due()
        deliver()
    ada.refresh_from_db()
    assert (Delivery.objects.get().status, ada.state) == (status, SubscriberState.ACTIVE)
    assert bool(circuits.look(["brevo"])) is opens
    assert "ada@" not in str(list(Attempt.objects.values_list("response")))


def test_one_bad_address_does_not_cost_the_others_their_call(
    page: StatusPage, subscribed: Add, service: Hooks, settings: Any
) -> None:
    settings.EMAIL_PROVIDERS = [mailgun(service)]
    for name in NAMES:
        subscribed(name)
    service.answers = [Answer(400, "'to' parameter is not a valid address"), Answer(400, "no")]
    opened(page)
    deliver()
    assert Delivery.objects.all().tally() == {DeliveryStatus.ACCEPTED: 2, DeliveryStatus.FAILED: 1}
    assert [len(fields(one)["to"]) for one in service.got] == [3, 1, 1, 1]


def test_the_second_takes_over_while_the_first_is_left_alone(
    page: StatusPage, subscribed: Add, service: Hooks, settings: Any
) -> None:
    with sink() as second:
        settings.EMAIL_PROVIDERS = [brevo(service), smtp(second.port)]
        service.always = Answer(503)
        people = [f"p{number}" for number in range(circuits.FAILURES)]
        for name in people:
            subscribed(name)
        opened(page)
        deliver()
        assert second.raw == []
        make_due()
        deliver()
        told = [f"{name}@example.org" for name in people]
        assert second.recipients == told
        assert len(service.got) == circuits.FAILURES
    assert set(Delivery.objects.values_list("status", "provider")) == {(DeliveryStatus.ACCEPTED, "smtp")}


def test_two_servers_by_smtp_have_connections_of_their_own(
    page: StatusPage, subscribed: Add, mail: Sink, settings: Any
) -> None:
    with sink() as other:
        settings.EMAIL_PROVIDERS = [smtp(other.port)]
        subscribed("ada")
        opened(page)
        deliver()
        settings.EMAIL_PROVIDERS = [smtp(mail.port)]
        opened(page, name="Another")
        deliver()
        assert len(other.raw) == len(mail.raw) == 1
