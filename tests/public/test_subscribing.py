"""From the form to mail about an incident, by what a browser and a mailbox see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from components.actions import create_component
from components.models import Component
from events.models import Event
from incidents.actions.incident import resolve
from pages.models import StatusPage
from subscribers.actions import Who, quarantine, subscribe, unsubscribe
from subscribers.choices import Reason, SubscriberState
from subscribers.models import Subscriber
from tests.conftest import CANARY
from tests.hooks import hooks
from tests.mailing import ACTOR, Add, deliver, opened
from tests.public.conftest import Browser, hidden, links
from tests.sink import Sink

Fill = Callable[..., HttpResponse]
ADA = "ada@example.org"


def newest(mail: Sink, address: str = ADA) -> str:
    return str(mail.mail(address)[-1].get_body(("plain",)).get_content())


def earlier_ticket(browser: Browser, seconds: int = 10) -> str:
    with time_machine.travel(timezone.now() - timedelta(seconds=seconds), tick=True):
        return hidden(browser.get("/subscriptions/new"), "ticket")


def test_somebody_subscribes_confirms_and_is_told(
    page: StatusPage, browser: Browser, fill_in: Fill, mail: Sink
) -> None:
    answer = fill_in(ADA)
    assert (answer.status_code, answer["Location"]) == (302, "/subscriptions/sent")
    assert "Look into your mailbox" in browser.get(answer["Location"]).content.decode()
    deliver()
    (link,) = links(newest(mail))
    assert "Confirm" in browser.get(link).content.decode()
    assert "You are subscribed" in browser.post(link).content.decode()
    deliver()
    assert mail.mail(ADA)[-1]["Subject"] == "You are subscribed to Acme"
    incident = opened(page)
    deliver()
    resolve(page, incident, ACTOR)
    deliver()
    assert [one["Subject"] for one in mail.mail(ADA)[2:]] == [
        "Investigating: API is slow",
        "Resolved: API is slow",
    ]
    manage, leave = links(newest(mail))
    assert "Your subscription" in browser.get(manage).content.decode()
    assert "You are unsubscribed" in browser.post(leave).content.decode()
    opened(page, name="Another one")
    deliver()
    assert len(mail.mail(ADA)) == 4


def asked(state: str, page: StatusPage, subscribed: Add) -> Subscriber | None:
    """Ada in that state."""
    if state == "unknown":
        return None
    ada = subscribed(
        "ada", scope="components", component_ids=frozenset(page.components.values_list("pk", flat=True))
    )
    if state == "quarantined":
        quarantine(page, ada, ACTOR, Reason.CAME_BACK)
    if state in ("unsubscribed", "unconfirmed"):
        unsubscribe(page, ada, ACTOR)
    if state == "unconfirmed":
        subscribe(page, Who(ADA), ACTOR)
    ada.refresh_from_db()
    return ada


STATES = ["unknown", "unconfirmed", "active", "quarantined", "unsubscribed"]


@pytest.mark.parametrize("scope", ["page", "components"])
def test_an_answer_costs_the_same_whether_the_address_is_known_or_not(
    page: StatusPage, component: Component, browser: Browser, fill_in: Fill, subscribed: Add, scope: str
) -> None:
    done = {}
    for state in STATES:
        Subscriber.objects.all().delete()
        before = asked(state, page, subscribed)
        ticket = earlier_ticket(browser)
        with CaptureQueriesContext(connection) as queries:
            answer = fill_in(ADA, ticket=ticket, scope=scope, components=component.pk)
        assert (answer.status_code, answer["Location"]) == (302, "/subscriptions/sent")
        said = [re.sub(r"\d+", "", one["sql"].split("(")[0])[:60] for one in queries.captured_queries]
        # What only costs the driver: a savepoint that is undone is released as well.
        of_driver = ("SET search_path", "ROLLBACK TO")
        done[state] = [re.sub(r"SAVEPOINT.*", "", one) for one in said if not one.startswith(of_driver)]
        if before and state in ("active", "quarantined"):
            after = Subscriber.objects.get()
            assert (after.state, after.scope, after.token_version) == (
                state,
                "components",
                before.token_version,
            )
            assert after.components.count() == 1
    assert len(done["unknown"]) > 10
    for state in STATES:
        assert done[state] == done["unknown"], state


def test_what_came_too_soon_is_told_what_is_wrong_with_it(page: StatusPage, browser: Browser) -> None:
    ticket = hidden(browser.get("/subscriptions/new"), "ticket")
    shown = browser.post("/subscriptions/new-email", {"email": "ada@", "ticket": ticket}).content.decode()
    assert "This is not an e-mail address." in shown


def test_who_confirms_in_mid_incident_is_told_of_it_once(
    page: StatusPage, component: Component, browser: Browser, fill_in: Fill, mail: Sink
) -> None:
    incident = opened(page, component)
    fill_in(ADA)
    deliver()
    (link,) = links(newest(mail))
    page_shown = browser.post(link).content.decode()
    deliver()
    assert "API is slow" in page_shown
    assert f"/incidents/{incident.pk}" in newest(mail)
    assert [one["Subject"] for one in mail.mail(ADA)] == [
        "Confirm your subscription to Acme",
        "You are subscribed to Acme",
    ]


def test_opening_any_link_changes_nothing(
    browser: Browser, fill_in: Fill, subscribed: Add, page: StatusPage, mail: Sink
) -> None:
    subscribed("bob")
    opened(page)
    fill_in(ADA)
    deliver()
    every = [*links(newest(mail)), *links(newest(mail, "bob@example.org"))]
    assert len(every) == 3
    before = list(Subscriber.objects.order_by("id").values()), Event.objects.count()
    for link in ["/subscriptions/new", "/subscriptions/sent", *every]:
        assert browser.get(link).status_code == 200
    assert (list(Subscriber.objects.order_by("id").values()), Event.objects.count()) == before
    assert browser.get("/subscriptions/new-email").status_code == 405


@pytest.mark.parametrize("state", ["unknown", "unconfirmed", "active", "unsubscribed", "quarantined"])
def test_the_answer_is_the_same_whether_an_address_is_known(
    state: str, page: StatusPage, browser: Browser, fill_in: Fill, subscribed: Add
) -> None:
    if state != "unknown":
        known = subscribed("ada")
        stamps = {"unsubscribed_at": timezone.now(), "quarantined_at": timezone.now()}
        Subscriber.objects.filter(pk=known.pk).update(state=state, **stamps)
    answer = fill_in(ADA)
    assert (answer.status_code, answer["Location"], answer.content) == (302, "/subscriptions/sent", b"")


def test_an_active_subscriber_who_asks_again_keeps_everything_and_gets_a_link(
    page: StatusPage, browser: Browser, fill_in: Fill, subscribed: Add, mail: Sink
) -> None:
    known = subscribed("ada", wants_maintenance=False)
    fill_in(ADA)
    deliver()
    known.refresh_from_db()
    assert known.state == SubscriberState.ACTIVE
    assert not known.wants_maintenance
    assert mail.mail(ADA)[-1]["Subject"] == "Your subscription to Acme"
    assert browser.get(links(newest(mail))[0]).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 302),
        ({"Origin": "http://acme.localhost:8000"}, 302),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://acme.localhost:8000"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://globex.localhost:8000"}, 403),
        ({"Origin": "http://acme.localhost:9000"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_the_form_is_taken_only_from_this_page(
    headers: dict[str, str], status: int, browser: Browser, fill_in: Fill
) -> None:
    browser.site = None
    answers = {"email": ADA, "ticket": earlier_ticket(browser), "incidents": "1"}
    answer = browser.post("/subscriptions/new-email", answers, **headers)
    assert answer.status_code == status
    assert Subscriber.objects.count() == (status == 302)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"email": "not an address"}, "This is not an e-mail address"),
        ({"email": "a@b.example\nBcc: x@y.example"}, "This is not an e-mail address"),
        ({"email": ""}, "This is not an e-mail address"),
        ({"scope": "components"}, "Choose at least one component"),
        ({"scope": "components", "components": ["nosuchcompon"]}, "is not on this page any more"),
        ({"scope": "everything"}, "cannot be chosen here"),
        ({"cadence": "hourly"}, "cannot be chosen here"),
        ({"scope": "incident"}, "This incident is over"),
        ({"ticket": "forged"}, "once more"),
        ({"ticket": ""}, "once more"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_entered_kept(
    answers: dict[str, Any], says: str, fill_in: Fill
) -> None:
    answer = fill_in(ADA, **answers)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert says in shown
    assert f'value="{ADA}"' in shown or "email" in answers
    assert not Subscriber.objects.exists()


def test_neither_incidents_nor_maintenance_is_refused(browser: Browser) -> None:
    answer = browser.post("/subscriptions/new-email", {"email": ADA, "ticket": earlier_ticket(browser)})
    assert "there would be nothing to tell" in answer.content.decode()


@pytest.mark.parametrize(("seconds", "taken"), [(0, False), (3, True), (86_000, True), (90_000, False)])
def test_a_form_filled_in_by_a_machine_or_left_open_for_a_day_is_asked_for_again(
    seconds: int, taken: bool, browser: Browser
) -> None:
    ticket = earlier_ticket(browser, seconds)
    answer = browser.post("/subscriptions/new-email", {"email": ADA, "ticket": ticket, "incidents": "1"})
    assert answer.status_code == (302 if taken else 422)
    assert Subscriber.objects.exists() == taken


def test_a_robot_that_fills_in_the_trap_learns_nothing_and_gets_nothing(fill_in: Fill) -> None:
    answer = fill_in(ADA, website="https://spam.example")
    assert (answer.status_code, answer["Location"]) == (302, "/subscriptions/sent")
    assert not Subscriber.objects.exists()


def test_one_address_gets_few_messages_and_one_visitor_few_tries(browser: Browser, fill_in: Fill) -> None:
    statuses = [fill_in(ADA).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert fill_in("bob@example.org").status_code == 302
    tries = [fill_in(f"p{number}@example.org").status_code for number in range(14)]
    assert tries == [302] * 13 + [429]
    browser.ip = "192.0.2.77"
    assert fill_in("carol@example.org").status_code == 302


def test_visitors_of_one_ipv6_network_are_counted_together(browser: Browser, fill_in: Fill) -> None:
    for number in range(20):
        browser.ip = f"2001:db8:1:2::{number:x}"
        assert fill_in(f"p{number}@example.org").status_code == 302
    browser.ip = "2001:db8:1:2:ffff::1"
    assert fill_in(ADA).status_code == 429
    browser.ip = "2001:db8:1:3::1"
    assert fill_in(ADA).status_code == 302


def test_without_counters_nothing_is_taken_and_the_visitor_is_told(fill_in: Fill, settings: Any) -> None:
    away = {**django_settings.CACHES["limits"], "LOCATION": "redis://127.0.0.1:1/2"}
    settings.CACHES = {**django_settings.CACHES, "limits": away}
    answer = fill_in(ADA)
    assert answer.status_code == 503
    assert "Nothing was saved" in answer.content.decode()
    assert not Subscriber.objects.exists()


def test_unknown_hosts_and_pages_not_launched_have_no_form(page: StatusPage, browser: Browser) -> None:
    assert Browser(host="nobody.localhost").get("/subscriptions/new").status_code == 404
    StatusPage.objects.filter(pk=page.pk).update(published=False)
    assert browser.get("/subscriptions/new").status_code == 404


def test_restricted_components_are_not_offered(page: StatusPage, browser: Browser, fill_in: Fill) -> None:
    hidden_one = create_component(page, ACTOR, name="Secret vault", restricted=True)
    assert "Secret vault" not in browser.get("/subscriptions/new").content.decode()
    assert fill_in(ADA, scope="components", components=[hidden_one.pk]).status_code == 422


def test_nothing_of_another_tenant_shows(page: StatusPage, browser: Browser, globex: Any) -> None:
    assert CANARY not in browser.get("/subscriptions/new").content.decode()
    other = Browser(host="globex.localhost").get("/subscriptions/new").content.decode()
    assert CANARY in other
    assert "Acme" not in other


def test_a_machine_subscribes_by_a_form_of_its_own(
    page: StatusPage, browser: Browser, settings: Any, mail: Sink
) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    assert "/subscriptions/new?by=webhook" in browser.get("/subscriptions/new").content.decode()
    assert (
        'action="/subscriptions/new-webhook"' in browser.get("/subscriptions/new?by=webhook").content.decode()
    )
    answers = {"ticket": earlier_ticket(browser), "incidents": "1", "contact": ADA}
    with hooks() as machine:
        answer = browser.post("/subscriptions/new-webhook", answers | {"address": machine.url()})
        assert "Nearly done" in browser.get(answer["Location"]).content.decode()
        deliver()
        (link,) = links(newest(mail))
        assert "You are subscribed" in browser.post(link).content.decode()
        opened(page)
        deliver()
        assert [one.body["meta"]["event"] for one in machine.got] == [
            "subscriber.confirmed",
            "incident.created",
        ]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"address": "http://10.0.0.1/hook"}, "has to be open to the internet"),
        ({"address": "ftp://example.org"}, "This is not the address of a machine"),
        ({"address": "https://example.org/", "contact": "nobody"}, "This is not an e-mail address"),
    ],
)
def test_a_machine_that_cannot_be_told_is_refused_and_nothing_is_lost(
    browser: Browser, answers: dict[str, str], said: str
) -> None:
    sent = {"ticket": earlier_ticket(browser), "incidents": "1"} | answers
    answer = browser.post("/subscriptions/new-webhook", sent)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert said in shown
    assert all(value in shown for value in answers.values())


def test_no_other_way_is_offered(browser: Browser) -> None:
    answer = browser.post("/subscriptions/new-pigeon", {"ticket": earlier_ticket(browser)})
    assert answer.status_code == 404
