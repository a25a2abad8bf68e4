"""Statuspage's public calls about subscribers, as widgets of other sites and machines make them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from components.actions import create_component
from components.models import Component
from pages.models import StatusPage
from subscribers.actions import unsubscribe
from subscribers.choices import Scope, SubscriberState
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.hooks import hooks
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink

ADA = "ada@example.org"
PATH = "/api/v2/subscribers.json"


@pytest.fixture(autouse=True)
def _counters() -> None:
    caches["limits"].clear()


def call(method: str, path: str = PATH, data: Any = None, kind: str = "application/json") -> HttpResponse:
    """From a script on another site."""
    schema = connection.schema_name  # type: ignore[attr-defined]
    client = Client(headers={"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"})
    try:
        body = json.dumps(data) if kind == "application/json" and not isinstance(data, str | bytes) else data
        return client.generic(method, path, body or "", kind, HTTP_HOST="acme.localhost:8000")  # type: ignore[return-value]
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]


def said(answer: HttpResponse) -> dict[str, Any]:
    assert answer["Access-Control-Allow-Origin"] == "*"
    return dict(json.loads(answer.content))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/json", {"subscriber": {"email": ADA}}),
        ("application/x-www-form-urlencoded", "subscriber%5Bemail%5D=ada%40example.org"),
    ],
)
def test_an_address_is_asked_to_confirm(page: StatusPage, mail: Sink, kind: str, data: Any) -> None:
    answer = call("POST", PATH, data, kind)
    assert answer.status_code == 201
    shape = said(answer)["subscriber"]
    assert (shape["mode"], shape["email"], shape["quarantined_at"]) == ("email", ADA, None)
    assert Subscriber.objects.get().pk == shape["id"]
    deliver()
    assert "/subscriptions/confirm/" in mail.everything()


@pytest.mark.parametrize("state", ["nobody", "active", "left"])
def test_the_answer_is_the_same_whether_an_address_is_known(
    page: StatusPage, subscribed: Add, state: str
) -> None:
    if state != "nobody":
        known = subscribed("ada")
    if state == "left":
        unsubscribe(page, known, ACTOR)
    shape = said(call("POST", PATH, {"subscriber": {"email": ADA}}))["subscriber"]
    del shape["id"], shape["created_at"]
    assert shape == {
        "mode": "email",
        "email": ADA,
        "endpoint": None,
        "quarantined_at": None,
        "purge_at": None,
        "skip_confirmation_notification": False,
    }


def test_components_or_one_incident_can_be_asked_for(page: StatusPage, component: Component) -> None:
    incident = opened(page, component)
    call("POST", PATH, {"subscriber": {"email": ADA, "component_ids": [component.pk]}})
    call("POST", PATH, {"subscriber": {"email": "bob@example.org", "incident_id": incident.pk}})
    found = {one.address: one for one in Subscriber.objects.all()}
    assert found[ADA].scope == Scope.COMPONENTS
    assert [one.pk for one in found[ADA].components.all()] == [component.pk]
    assert found["bob@example.org"].incident_id == incident.pk


WISHES = {
    "min_impact": "major",
    "cadence": "first_and_last",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "quiet_from": "22:00",
    "quiet_until": "07:30",
    "digest_at": "08:00",
    "critical_breaks_quiet": False,
    "wants_maintenance": False,
}


def test_all_that_the_form_asks_may_be_chosen(page: StatusPage) -> None:
    assert call("POST", data={"subscriber": {"email": ADA} | WISHES}).status_code == 201
    as_form = "&".join(
        f"subscriber[{name}]={value}" for name, value in ({"email": "b@x.org"} | WISHES).items()
    )
    assert call("POST", data=as_form, kind="application/x-www-form-urlencoded").status_code == 201
    for found in Subscriber.objects.all():
        chosen = {name: getattr(found, name) for name in WISHES}
        times = {
            name: chosen[name].isoformat("minutes") for name in ("quiet_from", "quiet_until", "digest_at")
        }
        assert chosen | times == WISHES
        assert found.wants_incidents


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"min_impact": "huge"}, "“huge” cannot be chosen here."),
        ({"cadence": "hourly"}, "“hourly” cannot be chosen here."),
        ({"language": "xx"}, "“xx” cannot be chosen here."),
        ({"time_zone": "Mars/Base"}, "“Mars/Base” is no time zone. One is called like Europe/Berlin."),
        ({"quiet_from": "22:00"}, "Quiet hours need a beginning and an end."),
        (
            {"quiet_from": "late", "quiet_until": "07:00"},
            "“late” is no time of day. One is written like 22:30.",
        ),
        ({"digest_at": "25:00"}, "“25:00” is no time of day. One is written like 22:30."),
        ({"wants_incidents": "perhaps"}, "“perhaps” is neither true nor false."),
    ],
)
def test_a_wish_that_cannot_be_is_refused_at_its_field(
    page: StatusPage, wrong: dict[str, Any], words: str
) -> None:
    answer = call("POST", data={"subscriber": {"email": ADA} | wrong})
    assert (answer.status_code, said(answer)) == (422, {"error": words, "field": next(iter(wrong))})
    assert not Subscriber.objects.exists()


def test_a_machine_is_asked_for_its_challenge(page: StatusPage, settings: Any) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as machine:
        machine.echoes = True
        assert call("POST", PATH, {"subscriber": {"endpoint": machine.url()}}).status_code == 201
        deliver()
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


def test_a_stranger_ends_only_what_is_not_confirmed(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    pending = said(call("POST", PATH, {"subscriber": {"email": "bob@example.org"}}))["subscriber"]["id"]
    ada = subscribed("ada")
    for pk in (pending, ada.pk):
        assert call("DELETE", f"/api/v2/subscribers/{pk}.json").status_code == 200
    states = dict(Subscriber.objects.values_list("address", "state"))
    assert states == {"bob@example.org": "unsubscribed", ADA: "active"}
    deliver()
    assert "/unsubscribe" in mail.everything()
    assert mail.recipients == [ADA]


def test_the_confirmation_is_sent_once_more(page: StatusPage, mail: Sink) -> None:
    pk = said(call("POST", PATH, {"subscriber": {"email": ADA}}))["subscriber"]["id"]
    assert call("POST", f"/api/v2/subscriptions/{pk}/resend_confirmation").status_code == 201
    deliver()
    assert mail.recipients == [ADA, ADA]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"subscriber": []}',
        b'{"subscriber": {"email": 5}}',
        b'{"subscriber": {"email": "\\ud800@example.org"}}',
        b'{"subscriber": {"email": "a@example.org", "component_ids": ["nothing"]}}',
        b'{"subscriber": {"email": "a@example.org", "component_ids": [{}]}}',
        b'{"subscriber": {"email": "a@example.org", "component_ids": ' + b"[" * 600 + b"]" * 600 + b"}}",
        b'{"subscriber": {"email": "a@example.org", "incident_id": "../x"}}',
        b'{"subscriber": {"endpoint": "http://169.254.169.254/"}}',
        b'{"subscriber": {"email": "' + b"a" * 70_000 + b'"}}',
    ],
)
def test_what_cannot_be_is_refused_in_words(page: StatusPage, data: bytes) -> None:
    answer = call("POST", PATH, data)
    assert answer.status_code == 422
    assert said(answer)["error"]
    assert not Subscriber.objects.exists()


def test_one_address_gets_few_messages(page: StatusPage) -> None:
    statuses = [call("POST", PATH, {"subscriber": {"email": ADA}}).status_code for _ in range(7)]
    assert statuses == [201] * 5 + [429] * 2


def test_scripts_of_other_sites_may_ask(page: StatusPage) -> None:
    answer = call("OPTIONS")
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Headers"] == "Content-Type"
    assert call("GET").status_code == 405


def test_what_is_not_of_this_page_is_not_there(page: StatusPage, globex: Tenant) -> None:
    assert call("DELETE", "/api/v2/subscribers/0123456789ab.json").status_code == 404
    assert call("POST", "/api/v2/subscriptions/0123456789ab/resend_confirmation").status_code == 404
    assert call("GET", "/api/v2/subscribers/0123456789ab.json").status_code == 405


def test_restricted_components_cannot_be_asked_for(page: StatusPage) -> None:
    hidden = create_component(page, ACTOR, name="Hidden", restricted=True)
    answer = call("POST", PATH, {"subscriber": {"email": ADA, "component_ids": [hidden.pk]}})
    assert answer.status_code == 422
