"""A person with a browser and without scripts subscribes, and axe looks at every page on the way."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.chromium import browser as chromium
from tests.clocks import Stopwatch
from tests.live import Live
from tests.services import any_port
from tests.sink import Sink, sink

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.process]

AXE = Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js"
ADA = "ada@example.org"
_PREPARE = """
from components.actions import create_component, create_group
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from outbox.drain import drain_lanes
from pages.actions import create_page
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme", accent="#0f766e")
    group = create_group(page, SYSTEM, name="Platform")
    create_component(page, SYSTEM, name="API", group=group)
    create_component(page, SYSTEM, name="Website")
    open_incident(page, SYSTEM, Words("investigating", "Looking."), name="API is slow")
drain_lanes()
"""
_DRAIN = """
from outbox.drain import drain_lanes
while True:
    drain_lanes()
    time.sleep(0.1)
"""


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with sink() as running:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{running.port}")
        yield running


@pytest.fixture
def address(mail: Sink, monkeypatch: pytest.MonkeyPatch, live: Live) -> str:
    """Of acme's page on a running web server."""
    port = any_port()
    monkeypatch.setenv("PUBLIC_PORT", str(port))
    live.run(_PREPARE)
    server = ["-m", "uvicorn", "statuspage.asgi:application", "--port", str(port), "--log-level", "warning"]
    live._popen([sys.executable, *server])
    live.start_python(_DRAIN)
    wait_for(port)
    return f"http://acme.localhost:{port}"


def wait_for(port: int) -> None:
    watch = Stopwatch()
    with socket.socket() as knock:
        while knock.connect_ex(("127.0.0.1", port)):
            assert watch.seconds < 30, "The web server did not come up."
            time.sleep(0.1)


def link(mail: Sink, number: int, words: str) -> str:
    """The link to `words` in the numbered mail, once that has come."""
    watch = Stopwatch()
    while len(mail.mail(ADA)) < number:
        assert watch.seconds < 30, "No mail came."
        time.sleep(0.1)
    body = mail.mail(ADA)[number - 1].get_body(("html",))
    assert body is not None
    found = re.search(rf'href="([^"]+)"[^>]*>{words}<', body.get_content())
    assert found
    return found[1]


def faults(chromium: Browser, addresses: list[str]) -> list[Any]:
    context = chromium.new_context(
        bypass_csp=True, reduced_motion="reduce", viewport={"width": 320, "height": 700}
    )
    page, found = context.new_page(), []
    for address in addresses:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true })")
        page.evaluate(
            "document.querySelectorAll('[value=components]').forEach((one) => { one.checked = true })"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
        page.add_script_tag(path=str(AXE))
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found += [
                (address, theme, rule["id"], node["html"][:120])
                for rule in result["violations"]
                for node in rule["nodes"]
            ]
    context.close()
    return found


def test_a_person_without_scripts_subscribes_changes_and_leaves(
    address: str, chromium: Browser, mail: Sink
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    heading = page.get_by_role("heading", level=1)
    page.goto(f"{address}/subscriptions/new")
    page.get_by_label("E-mail address").fill(ADA)
    page.get_by_text("Choose what you are told").click()
    page.get_by_label("Only what I choose:").check()
    page.get_by_label("All of Platform").check()
    # Nobody fills in a form quicker.
    time.sleep(2.1)
    page.get_by_role("button", name="Subscribe").click()
    expect(heading).to_have_text("Look into your mailbox")
    confirm = link(mail, 1, "Confirm on the next page")
    page.goto(confirm)
    page.get_by_role("button", name="Confirm").click()
    expect(heading).to_have_text("You are subscribed")
    expect(page.get_by_role("link", name="API is slow")).to_be_visible()
    manage, leave = link(mail, 2, "Choose what you are told"), link(mail, 2, "Unsubscribe")
    page.goto(manage)
    assert page.get_by_label("All of Platform").is_checked()
    page.get_by_label("Everything", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    every = [f"{address}/subscriptions/{name}" for name in ("new", "sent")] + [confirm, manage, leave]
    assert faults(chromium, every) == []
    page.goto(leave)
    page.get_by_role("button", name="Unsubscribe").click()
    expect(heading).to_have_text("You are unsubscribed")
    assert context.cookies() == []
