"""Subscribing by SMS: from the form to the code and to the first message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import time_machine
from django.core.cache import caches
from django.http import HttpResponse
from django.utils import timezone

from common.errors import Refused
from common.tenancy import in_tenant
from incidents.actions.incident import resolve
from notifications.sms.segments import segments
from pages.models import StatusPage
from subscribers.addresses import normal
from subscribers.choices import Channel, SubscriberState
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.hooks import Answer, Hooks, hooks
from tests.mailing import ACTOR, deliver, opened
from tests.public.conftest import Browser, hidden

ADA = "+491711234567"


@pytest.fixture
def twilio(settings: Any) -> Iterator[Hooks]:
    caches["limits"].clear()
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["twilio"], ["DE"]
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = "AC1", "x", "+4915000"
    with hooks() as running:
        running.always = Answer(201, '{"sid": "SM1"}')
        settings.TWILIO_API_URL = running.url("")
        yield running


def ask(browser: Browser, number: str = ADA, **answers: str) -> HttpResponse:
    with time_machine.travel(timezone.now() - timedelta(seconds=10), tick=True):
        ticket = hidden(browser.get("/subscriptions/new?by=sms"), "ticket")
    known = {"number": number, "ticket": ticket, "incidents": "1", "maintenance": "1", "scope": "page"}
    return browser.post("/subscriptions/new-sms", known | answers)


def said(machine: Hooks) -> list[str]:
    return [str(parse_qs(got.raw.decode())["Body"][0]) for got in machine.got]


def newest(machine: Hooks) -> str:
    return said(machine)[-1]


def code_in(text: str) -> str:
    found = re.match(r"[0-9]{6}\b", text)
    assert found, text
    return found[0]


def enter(browser: Browser, code: str, number: str = ADA) -> HttpResponse:
    return browser.post("/subscriptions/code", {"number": number, "code": code})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_somebody_subscribes_by_number_confirms_by_code_and_is_told(
    page: StatusPage, browser: Browser, twilio: Hooks
) -> None:
    answer = ask(browser, " +49 (0)171 123-4567 ")
    assert answer.status_code == 302
    asking = browser.get(answer["Location"]).content.decode()
    assert 'value=" +49 (0)171 123-4567 "' in asking
    assert "171" not in answer["Location"]
    deliver()
    assert newest(twilio).endswith("\nhttp://acme.localhost:8000/subscriptions/code")
    code = code_in(newest(twilio))
    assert "You are subscribed" in enter(browser, f" {code[:3]} {code[3:]} ").content.decode()
    deliver()
    assert newest(twilio).startswith("You are subscribed to Acme. Reply STOP to leave.")
    incident = opened(page)
    deliver()
    resolve(page, incident, ACTOR)
    deliver()
    bodies = [parse_qs(one.raw.decode()) for one in twilio.got]
    assert {one["To"][0] for one in bodies} == {ADA}
    assert [one["Body"][0].partition("\n")[0] for one in bodies[2:]] == [
        "Acme: Investigating: API is slow",
        "Acme: Resolved: API is slow",
    ]
    assert all(segments(one["Body"][0]) <= 2 for one in bodies)


def test_who_confirms_in_mid_incident_hears_of_it_once(
    page: StatusPage, browser: Browser, twilio: Hooks
) -> None:
    opened(page)
    ask(browser)
    deliver()
    enter(browser, code_in(newest(twilio)))
    deliver()
    assert "\nInvestigating: API is slow\n" in newest(twilio)
    assert len(twilio.got) == 2


def test_the_link_in_the_welcome_message_opens_the_subscription(
    page: StatusPage, browser: Browser, twilio: Hooks
) -> None:
    ask(browser)
    deliver()
    enter(browser, code_in(newest(twilio)))
    deliver()
    link = newest(twilio).rpartition("http://acme.localhost:8000")[2]
    assert "Your subscription" in browser.get(link).content.decode()


def test_five_tries_are_all(page: StatusPage, browser: Browser, twilio: Hooks) -> None:
    ask(browser)
    deliver()
    code = code_in(newest(twilio))
    answers = {enter(browser, wrong(code)).status_code for _ in range(5)}
    assert answers == {422}
    assert enter(browser, code).status_code == 422
    ask(browser)
    deliver()
    assert enter(browser, code_in(newest(twilio))).status_code == 200


def test_the_answer_is_the_same_whether_a_number_is_known(
    page: StatusPage, browser: Browser, twilio: Hooks
) -> None:
    ask(browser)
    deliver()
    code = code_in(newest(twilio))
    bad = enter(browser, wrong(code)).content.decode()
    unknown = enter(browser, wrong(code), "+491729999999").content.decode()
    assert unknown.replace("+491729999999", ADA) == bad
    enter(browser, code)
    again = ask(browser)
    assert (again.status_code, again["Location"].partition("=")[0]) == (302, "/subscriptions/code?for")
    deliver()
    # Beside the welcome: which of the two arrives first is open.
    assert any(text.startswith("Your subscription to Acme.") for text in said(twilio)[-2:])


def test_only_the_newest_code_counts_and_only_for_an_hour(
    page: StatusPage, browser: Browser, twilio: Hooks
) -> None:
    ask(browser)
    deliver()
    first = code_in(newest(twilio))
    ask(browser)
    deliver()
    second = code_in(newest(twilio))
    assert first != second
    assert enter(browser, first).status_code == 422
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=True):
        assert enter(browser, second).status_code == 422
    assert Subscriber.objects.get().state == SubscriberState.UNCONFIRMED
    assert enter(browser, second).status_code == 200


def test_a_code_is_of_one_page(page: StatusPage, browser: Browser, twilio: Hooks, globex: Tenant) -> None:
    other = Browser("globex.localhost:8000")
    ask(browser)
    deliver()
    code = code_in(newest(twilio))
    ask(other)
    with in_tenant(globex.id):
        assert enter(other, code).status_code == 422
        assert Subscriber.objects.get().state == SubscriberState.UNCONFIRMED
    assert enter(browser, code).status_code == 200


def test_a_number_gets_three_codes_an_hour_however_it_is_typed_and_whoever_sends(
    page: StatusPage, browser: Browser, twilio: Hooks, globex: Tenant
) -> None:
    other = Browser("globex.localhost:8000")
    asked = [ask(browser), ask(other, "+49 171 1234567"), ask(browser, "+49-171-123 45 67")]
    assert [one.status_code for one in asked] == [302, 302, 302]
    assert ask(other, "+49 (171) 1234567").status_code == 429


def test_a_number_gets_ten_codes_a_day(page: StatusPage, browser: Browser, twilio: Hooks) -> None:
    midnight = timezone.now().replace(hour=0, minute=30) + timedelta(days=1)
    codes = []
    for hour in range(8):
        with time_machine.travel(midnight + timedelta(hours=hour), tick=True):
            codes += [ask(browser).status_code for _ in range(2)]
    assert codes == [302] * 10 + [429] * 6


def test_nobody_gets_a_code_while_nobody_can_count(
    page: StatusPage, browser: Browser, twilio: Hooks, settings: Any
) -> None:
    settings.CACHES = settings.CACHES | {
        "limits": settings.CACHES["limits"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert ask(browser).status_code == 503
    assert enter(browser, "123456").status_code == 503
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "number", ["", "0171 1234567", "+49", "+4930123456", "+49900123456", "ada@example.org", "+43 664 1234567"]
)
def test_what_is_no_mobile_number_of_an_allowed_country_is_said_so(
    page: StatusPage, browser: Browser, twilio: Hooks, number: str
) -> None:
    answer = ask(browser, number)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_without_a_provider_no_sms_is_offered(page: StatusPage, browser: Browser, settings: Any) -> None:
    settings.SMS_PROVIDERS = []
    assert "by=sms" not in browser.get("/subscriptions/new").content.decode()
    assert browser.post("/subscriptions/new-sms", {"number": ADA}).status_code == 404
    with pytest.raises(Refused):
        normal(Channel.SMS, ADA)


def test_a_form_from_elsewhere_confirms_nobody(page: StatusPage, browser: Browser, twilio: Hooks) -> None:
    ask(browser)
    deliver()
    browser.site = "cross-site"
    assert enter(browser, code_in(newest(twilio))).status_code == 403
    assert Subscriber.objects.get().state == SubscriberState.UNCONFIRMED


def test_nobody_is_reminded_of_a_code_that_is_too_old(
    page: StatusPage, browser: Browser, twilio: Hooks
) -> None:
    ask(browser)
    deliver()
    for days in (4, 8):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
            deliver()
    assert len(twilio.got) == 1
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"phone_number": ADA},
        {"phone_number": "0171 1234567", "phone_country": "de"},
        {"phone_number": "+49 171 1234567", "phone_country": "US"},
    ],
)
def test_machines_may_enter_a_number_and_people_type_its_code(
    page: StatusPage, browser: Browser, twilio: Hooks, given: dict[str, str]
) -> None:
    form = {f"subscriber[{name}]": value for name, value in given.items()}
    answer = browser.post("/api/v2/subscribers.json", form)
    assert answer.status_code == 201
    assert json.loads(answer.content)["subscriber"]["mode"] == "sms"
    assert json.loads(answer.content)["subscriber"]["phone_number"] == given["phone_number"]
    deliver()
    assert enter(browser, code_in(newest(twilio))).status_code == 200
    assert Subscriber.objects.get().address == ADA


def test_machines_get_no_more_codes_than_people(page: StatusPage, browser: Browser, twilio: Hooks) -> None:
    path, given = "/api/v2/subscribers.json", {"subscriber[phone_number]": ADA}
    assert [browser.post(path, given).status_code for _ in range(4)] == [201, 201, 201, 429]
    assert browser.post(path, {"subscriber[phone_number]": "+1 900 555 0199"}).status_code == 422
