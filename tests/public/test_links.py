"""Signed links: who they let in, for how long, and what leaving needs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone
from standardwebhooks import Webhook

from components.actions import create_group, update_component
from components.models import Component
from events.models import Event
from notifications import signing
from pages.actions import create_page
from pages.models import StatusPage
from subscribers import links
from subscribers.actions import Who, add_confirmed, erase, unsubscribe
from subscribers.choices import Channel, SubscriberState
from subscribers.links import BadLink, Purpose
from subscribers.models import Subscriber
from tests.mailing import ACTOR, Add, opened
from tests.public.conftest import Browser


def made(subscriber: Subscriber, purpose: Purpose) -> str:
    return links.token(purpose, subscriber.page_id, subscriber.pk, subscriber.token_version)


def path(subscriber: Subscriber, purpose: Purpose) -> str:
    token = made(subscriber, purpose)
    return {
        Purpose.CONFIRM: f"/subscriptions/confirm/{token}",
        Purpose.MANAGE: f"/subscriptions/{token}",
        Purpose.LEAVE: f"/subscriptions/{token}/unsubscribe",
    }[purpose]


def state(subscriber: Subscriber) -> str:
    subscriber.refresh_from_db()
    return subscriber.state


def test_a_link_is_good_for_its_page_and_purpose_alone(page: StatusPage, subscribed: Add) -> None:
    ada = subscribed("ada")
    other = create_page(ACTOR, name="Other", slug="other")
    for purpose in Purpose:
        token = made(ada, purpose)
        assert links.read(token, purpose, page.pk).subscriber_id == ada.pk
        for wrong in set(Purpose) - {purpose}:
            with pytest.raises(BadLink):
                links.read(token, wrong, page.pk)
        with pytest.raises(BadLink):
            links.read(token, purpose, other.pk)


@pytest.mark.parametrize(
    ("purpose", "good", "bad"),
    [(Purpose.CONFIRM, 6.9, 7.1), (Purpose.MANAGE, 89, 91), (Purpose.LEAVE, 3000, 3700)],
)
def test_links_get_old(purpose: Purpose, good: float, bad: float, page: StatusPage, subscribed: Add) -> None:
    token = made(subscribed("ada"), purpose)
    with time_machine.travel(timezone.now() + timedelta(days=good)):
        links.read(token, purpose, page.pk)
    with time_machine.travel(timezone.now() + timedelta(days=bad)), pytest.raises(BadLink):
        links.read(token, purpose, page.pk)


def test_a_changed_link_does_nothing(browser: Browser, subscribed: Add) -> None:
    ada = subscribed("ada")
    for purpose in Purpose:
        good = path(ada, purpose)
        token = made(ada, purpose)
        for at in range(0, len(token), 3):
            other = "x" if token[at] != "x" else "y"
            bad = good.replace(token, token[:at] + other + token[at + 1 :])
            assert browser.post(bad).status_code == 404
    assert state(ada) == SubscriberState.ACTIVE


def test_leaving_takes_one_click_from_a_mail_program(browser: Browser, subscribed: Add) -> None:
    """RFC 8058: a POST without cookies, Origin or Referer, which must not be redirected."""
    ada = subscribed("ada")
    browser.site = None
    answer = browser.post(path(ada, Purpose.LEAVE), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert state(ada) == SubscriberState.UNSUBSCRIBED


def test_leaving_again_after_leaving_or_erasing_says_the_same(
    page: StatusPage, browser: Browser, subscribed: Add
) -> None:
    ada = subscribed("ada")
    leave = path(ada, Purpose.LEAVE)
    answers = [browser.post(leave).content, browser.post(leave).content]
    erase(page, ada, ACTOR)
    assert {*answers, browser.post(leave).content} == {answers[0]}


def test_links_of_before_leaving_neither_bring_back_nor_manage(
    page: StatusPage, browser: Browser, subscribed: Add
) -> None:
    ada = subscribed("ada")
    confirm, manage = path(ada, Purpose.CONFIRM), path(ada, Purpose.MANAGE)
    unsubscribe(page, ada, ACTOR)
    assert [browser.post(confirm).status_code, browser.post(manage).status_code] == [404, 404]
    assert state(ada) == SubscriberState.UNSUBSCRIBED


def test_confirming_twice_says_the_same(browser: Browser, subscribed: Add) -> None:
    ada = subscribed("ada")
    answer = browser.post(path(ada, Purpose.CONFIRM))
    assert "You are subscribed" in answer.content.decode()


def test_choices_are_changed_by_their_link(browser: Browser, subscribed: Add, component: Component) -> None:
    ada = subscribed("ada")
    answers = {
        "scope": "components",
        "components": [component.pk],
        "incidents": "1",
        "cadence": "first_and_last",
    }
    answer = browser.post(path(ada, Purpose.MANAGE), answers)
    assert "Saved." in answer.content.decode()
    ada.refresh_from_db()
    assert (ada.scope, ada.wants_maintenance, ada.cadence) == ("components", False, "first_and_last")
    assert list(ada.components.all()) == [component]
    refused = browser.post(path(ada, Purpose.MANAGE), {"scope": "components", "incidents": "1"})
    assert refused.status_code == 422
    assert list(ada.components.all()) == [component]


def test_saving_keeps_what_the_form_does_not_ask(
    page: StatusPage, browser: Browser, subscribed: Add, component: Component
) -> None:
    group = create_group(page, ACTOR, name="Platform")
    update_component(page, component, ACTOR, group=group)
    ada = subscribed("ada", min_impact="major", scope="components", group_ids=frozenset({group.pk}))
    manage = path(ada, Purpose.MANAGE)
    assert f'value="{group.pk}" checked' in browser.get(manage).content.decode()
    browser.post(manage, {"scope": "components", "groups": [group.pk], "incidents": "1"})
    ada.refresh_from_db()
    assert (ada.min_impact, list(ada.groups.all()), ada.components.count()) == ("major", [group], 0)


def test_who_follows_one_incident_goes_on_following_it(
    page: StatusPage, browser: Browser, subscribed: Add
) -> None:
    incident = opened(page)
    ada = subscribed("ada", scope="incident", incident_id=incident.pk)
    manage = path(ada, Purpose.MANAGE)
    assert 'value="incident" checked' in browser.get(manage).content.decode()
    assert browser.post(manage, {"scope": "incident", "incidents": "1"}).status_code == 200
    ada.refresh_from_db()
    assert (ada.scope, ada.incident_id, ada.wants_maintenance) == ("incident", incident.pk, False)


def secret_in(answer: HttpResponse) -> str:
    assert "no-store" in answer["Cache-Control"]
    (found,) = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", answer.content.decode())
    return str(found)


def test_the_secret_of_a_webhook_is_shown_on_asking_and_replaced_once_a_day(
    page: StatusPage, browser: Browser
) -> None:
    who = Who("https://example.org/hook", Channel.WEBHOOK, contact="ada@example.org")
    hook = add_confirmed(page, who, ACTOR, "test")
    manage, now = path(hook, Purpose.MANAGE), timezone.now()
    shown = browser.get(manage).content.decode()
    assert f'action="{manage}/secret"' in shown
    assert "whsec_" not in shown
    assert browser.get(f"{manage}/secret").status_code == 405
    first = secret_in(browser.post(f"{manage}/secret"))
    assert first == signing.secret(hook.pk, 1)
    for _again in range(2):
        second = secret_in(browser.post(f"{manage}/secret", {"replace": "yes"}))
    assert (second, secret_in(browser.post(f"{manage}/secret"))) == (signing.secret(hook.pk, 2), second)
    hook.refresh_from_db()
    body = b'{"page": {}}'
    for one in (first, second):
        Webhook(one).verify(body, signing.headers("1", body, hook.pk, hook.settings, now))
    rotated = Event.objects.get(name="subscriber.secret_rotated")
    assert rotated.actor_kind == "subscriber"
    assert "whsec_" not in str(rotated.facts)
    with time_machine.travel(now + timedelta(days=1, minutes=1)):
        assert secret_in(browser.post(f"{manage}/secret", {"replace": "yes"})) != second


def test_the_secret_needs_the_owners_own_link(page: StatusPage, browser: Browser, subscribed: Add) -> None:
    ada = subscribed("ada")
    hook = add_confirmed(page, Who("https://example.org/hook", Channel.WEBHOOK), ACTOR, "test")
    other = add_confirmed(
        create_page(ACTOR, name="Other", slug="other"), Who("https://example.org", "webhook"), ACTOR, "test"
    )
    wrong = [path(ada, Purpose.MANAGE), path(other, Purpose.MANAGE)]
    wrong += [f"/subscriptions/{made(hook, purpose)}" for purpose in (Purpose.CONFIRM, Purpose.LEAVE)]
    for link in wrong:
        answer = browser.post(f"{link}/secret", {"replace": "yes"})
        assert (answer.status_code, "whsec_" in answer.content.decode()) == (404, False)
    assert "secret" not in browser.get(path(ada, Purpose.MANAGE)).content.decode()
    assert not Event.objects.filter(name="subscriber.secret_rotated").exists()


def test_pages_with_links_are_neither_indexed_nor_kept(browser: Browser, subscribed: Add) -> None:
    answer = browser.get(path(subscribed("ada"), Purpose.MANAGE))
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_the_style_of_the_forms_is_there_and_keeps(browser: Browser) -> None:
    shown = browser.get("/subscriptions/new").content.decode()
    href = shown.split('href="/subscriptions/forms-')[1].split('"')[0]
    answer = browser.get(f"/subscriptions/forms-{href}")
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]
