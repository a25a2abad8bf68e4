"""From the sign-in to a resolved incident, with a visitor who watches the page and a mailbox that fills."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import soon
from tests.clocks import until
from tests.e2e.service import Service

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.timeout(600)]


def sign_in(service: Service, page: Page) -> None:
    page.goto(f"{service.app}/o/acme/")
    page.fill("input[name=login]", "admin@example.com")
    page.fill("input[name=password]", service.password)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Open an incident").first.wait_for()


def within(service: Service, words: str) -> float:
    return until(lambda: words in service.get("acme.localhost")[1])


def test_an_incident_from_open_to_resolved_is_watched_and_mailed(service: Service, browser: Browser) -> None:
    with browser.new_context() as ours, browser.new_context() as theirs:
        operator, visitor = ours.new_page(), theirs.new_page()
        visitor.goto(f"http://acme.localhost:{service.port}/")
        visitor.evaluate("window.notReloaded = true")
        sign_in(service, operator)

        # Two clicks from the sign-in to a published incident.
        operator.get_by_role("link", name="Open an incident").first.click()
        operator.fill("[name=name]", "Queues are stuck")
        operator.fill("[name=body]", "Messages **wait**.")
        operator.locator("li", has_text="Compute").get_by_title("Partial outage").click()
        operator.get_by_text("subscriber is told").wait_for()
        operator.get_by_role("button", name="Open the incident").click()
        operator.get_by_text("Visitors see it now").wait_for()
        assert within(service, "Queues are stuck") < 1.0
        soon(visitor.locator("article", has_text="Queues are stuck").first)

        operator.get_by_text("Identified", exact=True).first.click()
        operator.fill("[name=body]", "A disk is full.")
        operator.get_by_text("30 min", exact=True).click()
        operator.get_by_role("button", name="Publish the update").click()
        operator.get_by_text("The update is on the page").wait_for()
        assert within(service, "A disk is full.") < 1.0

        operator.get_by_text("Resolved", exact=True).first.click()
        expect(operator.get_by_label("Take its components back")).to_be_checked()
        operator.get_by_role("button", name="Publish the update").click()
        operator.get_by_text("The incident is resolved").wait_for()
        assert visitor.evaluate("window.notReloaded")
        # How far the messages are follows by itself.
        operator.get_by_text("1 of 1 sent").nth(2).wait_for()

    until(lambda: len(service.mails("Queues are stuck")) == 3)


def test_what_is_held_and_undone_reaches_nobody(service: Service, browser: Browser) -> None:
    with browser.new_context() as context:
        operator = context.new_page()
        sign_in(service, operator)
        operator.keyboard.press("n")
        operator.fill("[name=name]", "A slip")
        operator.get_by_text("In 5 min", exact=True).click()
        operator.keyboard.press("Control+Enter")
        operator.get_by_role("button", name="Undo: tell nobody").click()
        operator.get_by_text("Nobody is told of it").wait_for()

    within(service, "A slip")
    assert service.mails("A slip") == []
