"""People as they come: one signs up, makes an organisation and invites another, who needs a second factor."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import hotp_value
from playwright.sync_api import Browser, Page, expect

from tests.clocks import until
from tests.e2e.service import Service
from tests.live import ROOT

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.timeout(600)]

AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
PASSWORD = "a long password of mine"
ANN, BOB = "ann@umbrella.example", "bob@umbrella.example"
_LINK = re.compile(r"http://localhost:\d+/accounts/\S+")


def link_in(service: Service, subject: str, to: str) -> str:
    """What the mail of that subject to somebody leads to."""
    until(lambda: service.mails(subject, to))
    [text] = service.mails(subject, to)
    found = _LINK.search(text)
    assert found
    return found[0]


def code_of(secret: str) -> str:
    """What an app shows now; not in the last moment of its half minute."""
    while time.time() % 30 > 25:
        time.sleep(0.2)
    return f"{hotp_value(secret, int(time.time()) // 30):06}"


def with_passkeys(page: Page) -> Page:
    """With a device in the browser that says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def person(browser: Browser, complaints: list[str]) -> Iterator[Any]:
    """Another person, in a browser of their own, whose complaints fail the test."""
    contexts = []

    def arrive(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page: Page = contexts[-1].new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield arrive
    for context in contexts:
        context.close()
    assert complaints == []


def is_accessible(page: Page) -> None:
    page.wait_for_load_state()
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], page.url


def sign_up(page: Page, name: str, email: str) -> None:
    page.fill("[name=email]", email)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=name]", name)
    page.click("text=Sign up >> nth=-1")
    page.wait_for_url(lambda url: "/signup/" not in url)


def test_from_nothing_to_an_organisation_of_two(service: Service, person: Any) -> None:
    ann = with_passkeys(person())
    ann.goto(f"{service.app}/o/")
    is_accessible(ann)
    ann.click("text=Sign up")
    ann.wait_for_url("**/signup/**")
    is_accessible(ann)
    sign_up(ann, "Ann", ANN)
    ann.goto(link_in(service, "Confirm your e-mail address", ANN))
    ann.click("main button")
    ann.wait_for_url("**/o/**")
    ann.click("text=New organisation")
    ann.fill("[name=name]", "Umbrella")
    ann.click("text=Make it")
    ann.wait_for_url("**/o/umbrella/**")

    _adds_a_passkey(ann, service)
    _asks_everybody_for_a_second_factor(ann, service)
    _comes_in_by_passkey(ann, service)
    ann.goto(f"{service.app}/o/umbrella/members/invite")
    is_accessible(ann)
    ann.fill("[name=email]", BOB)
    ann.click("text=Send the invitation")
    expect(ann.locator(".toast")).to_contain_text(BOB)

    _accepts_with_codes_from_an_app(person(color_scheme="dark"), service)
    ann.reload()
    row = ann.locator("tr", has_text=BOB)
    expect(row).to_contain_text("yes")
    for screen in ("members/", "log/", "settings/"):
        ann.goto(f"{service.app}/o/umbrella/{screen}")
        is_accessible(ann)


def _adds_a_passkey(page: Page, service: Service) -> None:
    page.goto(f"{service.app}/accounts/2fa/")
    is_accessible(page)
    page.click("text=Add a passkey")
    _says_who_they_are(page, "/webauthn/add/")
    page.fill("[name=name]", "This laptop")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    # The codes for the day on which the device is gone.
    expect(page.locator("textarea")).to_be_visible()
    is_accessible(page)
    page.check("#codes_saved")


def _says_who_they_are(page: Page, there: str) -> None:
    """Where they are asked again, before they get there."""
    page.wait_for_url(re.compile(f"/reauthenticate/|{there}"))
    if "/reauthenticate/" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.click("main form button")
        page.wait_for_url(lambda url: there in url and "/reauthenticate/" not in url)


def _is_activated(page: Page) -> bool:
    """Again where a machine that was busy took the code too late."""
    page.fill("[name=code]", code_of(page.input_value("#authenticator_secret")))
    with page.expect_navigation():
        page.click("text=Activate >> nth=-1")
    return not page.locator("#authenticator_secret").count()


def _asks_everybody_for_a_second_factor(page: Page, service: Service) -> None:
    page.goto(f"{service.app}/o/umbrella/settings/")
    page.click("text=Ask everybody for it")
    expect(page.locator("text=Ask for it no more")).to_be_visible()


def _comes_in_by_passkey(page: Page, service: Service) -> None:
    page.context.clear_cookies()
    page.goto(f"{service.app}/o/umbrella/members/")
    page.click("#passkey_login")
    expect(page.locator("h1")).to_have_text("Members")


def _accepts_with_codes_from_an_app(page: Page, service: Service) -> None:
    page.goto(link_in(service, "Umbrella invites you", BOB))
    is_accessible(page)
    page.click("text=Make an account")
    sign_up(page, "Bob", BOB)
    page.click("text=Join")
    page.wait_for_url("**/accounts/2fa/")
    expect(page.locator("text=Umbrella asks for it")).to_be_visible()
    page.click("text=Set up")
    _says_who_they_are(page, "/totp/activate/")
    is_accessible(page)
    until(lambda: _is_activated(page))
    expect(page.locator("textarea")).to_be_visible()
    is_accessible(page)
    page.check("#codes_saved")
    page.click("text=Go on")
    page.wait_for_url("**/o/umbrella/**")
    page.goto(f"{service.app}/o/umbrella/members/")
    expect(page.locator("h1")).to_have_text("Members")
