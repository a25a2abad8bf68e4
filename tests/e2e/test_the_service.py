"""The whole service as `make run` starts it: a person opens an incident; the page and a mailbox tell.

And the same again after each of its processes was killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.clocks import until
from tests.e2e.service import Service

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.timeout(600)]

CHILDREN = ("web", "worker", "ticker", "valkey", "postgres", "mail")


@pytest.fixture(scope="module")
def operator(service: Service, browser: Browser) -> Iterator[Page]:
    """Somebody who has signed in to the admin of acme."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{service.app}/o/acme/admin/")
    page.fill("input[name=login]", "admin@example.com")
    page.fill("input[name=password]", service.password)
    page.click("[type=submit]")
    page.wait_for_selector("text=Open an incident")
    yield page
    context.close()


def open_an_incident(operator: Page, service: Service, name: str) -> None:
    operator.goto(f"{service.app}/o/acme/admin/")
    operator.click("text=Open an incident")
    operator.fill("input[name=name]", name)
    operator.fill("textarea[name=body]", f"We look into it: {name}.")
    row = operator.locator("tr", has_text="Object storage")
    row.locator("select").select_option("partial_outage")
    operator.click("text=Open the incident")
    operator.wait_for_selector("text=View on the page")


def test_first_both_pages_are_there(service: Service) -> None:
    status, demo = service.get("demo.localhost")
    assert (status, "moved forward by" in demo) == (200, True)

    status, acme = service.get("acme.localhost")
    assert status == 200
    for words in ("Slow answers from the API", "New machines for compute", "Version 1 of the API ends"):
        assert words in acme
    assert service.get("nobody.localhost")[0] == 404


def test_an_incident_is_on_the_page_within_a_second_and_in_the_mail(service: Service, operator: Page) -> None:
    open_an_incident(operator, service, "Uploads fail")

    assert until(lambda: "Uploads fail" in service.get("acme.localhost")[1]) < 1.0
    until(lambda: len(service.mails("Uploads fail")) == 1)
    [text] = service.mails("Uploads fail")
    assert "We look into it: Uploads fail." in text
    assert f"http://acme.localhost:{service.port}/incidents/" in text
    assert "Uploads fail" not in service.get("demo.localhost")[1]


def test_a_page_left_open_follows_by_itself(service: Service, operator: Page, browser: Browser) -> None:
    with browser.new_context() as context:
        visitor, other = context.new_page(), context.new_page()
        visitor.goto(f"http://acme.localhost:{service.port}/")
        visitor.evaluate("window.notReloaded = true")
        other.goto(f"http://demo.localhost:{service.port}/")

        open_an_incident(operator, service, "Left open")

        visitor.locator("article", has_text="Left open").first.wait_for()
        assert visitor.evaluate("window.notReloaded")
        assert "Left open" not in (other.text_content("body") or "")


@pytest.mark.parametrize("name", CHILDREN)
def test_the_same_after_a_process_was_killed(service: Service, operator: Page, name: str) -> None:
    service.kill(name)
    said = f"After the {name}"
    open_an_incident(operator, service, said)

    until(lambda: said in service.get("acme.localhost")[1])
    until(lambda: len(service.mails(said)) == 1)


def test_nobody_was_told_twice(service: Service) -> None:
    time.sleep(2)

    for said in ("Uploads fail", *(f"After the {name}" for name in CHILDREN)):
        assert len(service.mails(said)) == 1


def test_the_service_says_where_it_is(service: Service, tmp_path: Path) -> None:
    assert f"http://acme.localhost:{service.port}/" in service.run.text
    assert service.password in service.run.text
