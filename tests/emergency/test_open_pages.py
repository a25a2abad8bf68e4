"""A page that is open in a browser shows what is written by hand, and lets it go, without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from store import Store
from tests.edge.test_alone import serving
from tests.edge.visitor import ACME_HOST
from tests.emergency.kits import INSTALLATION, done
from tests.publishing.test_page_in_browser import AXE, THEMES, faults

pytestmark = [pytest.mark.browser, pytest.mark.process]


@pytest.fixture
def page(browser: Browser, root: Path, store: Store) -> Iterator[Page]:
    with serving(STORE_DIR=str(root), EMERGENCY_KEY=INSTALLATION) as port:
        context = browser.new_context(locale="en-GB", bypass_csp=True)
        opened = context.new_page()
        thrown: list[str] = []
        opened.on("pageerror", lambda error: thrown.append(str(error)))
        opened.goto(f"http://{ACME_HOST}:{port}/")
        yield opened
        context.close()
        assert thrown == []


def test_an_open_page_follows(page: Page, kit: Path) -> None:
    page.evaluate("window.same = true")
    state = page.locator("#state")
    done(kit, "say", "We look.", "--name", "Logins fail")
    expect(state).to_have_text("Partial system outage")
    expect(page.locator(".incident h3")).to_have_text("Logins fail")
    assert "Partial system outage" in page.title()
    page.add_script_tag(path=str(AXE))
    assert [fault for theme in THEMES for fault in faults(page, theme)] == []

    done(kit, "update", "--status", "identified", "It is the disk.")
    expect(page.locator(".update .prose").first).to_have_text("It is the disk.")

    done(kit, "resolve", "It works again.")
    expect(state).to_have_text("All systems operational")
    expect(page.locator("#notice")).to_contain_text("It works again.")
    assert page.evaluate("window.same")
