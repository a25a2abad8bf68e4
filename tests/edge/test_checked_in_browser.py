"""Beside the last change a page says that it is checked, for as long as that is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import soon
from tests.edge.open_pages import (
    POLLED,
    Site,
    opened,
    pass_minutes,
    pass_until,
    said,
    site,
    until_answered,
    watched,
    with_incident,
)
from tests.publishing import notices

__all__ = ["site"]
pytestmark = [pytest.mark.browser, pytest.mark.process]


def test_a_page_says_that_it_is_checked_for_as_long_as_it_is(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        sign = page.locator("#now .check")
        soon(sign.get_by_text("Checked just now"))
        site.publish(with_incident(site.snapshot))
        soon(page.get_by_text(notices.open_incident().name).first)
        assert said(page) == "Checked just now"
        # The server says itself that nobody confirms what it has.
        site.store.beat(datetime.now(UTC) - timedelta(minutes=5))
        page.locator("#notice").wait_for()
        expect(sign).to_have_text("")


@pytest.mark.parametrize(
    ("locale", "now", "later"),
    [("en", "Checked just now", "Checked 2 min ago"), ("de", "Gerade geprüft", "Geprüft vor 2 Min.")],
)
def test_a_page_that_nobody_answers_says_when_it_was_checked_last(
    browser: Browser, site: Site, locale: str, now: str, later: str
) -> None:
    site.publish(replace(site.snapshot, page=replace(site.snapshot.page, language=locale)))
    with watched(browser, site) as page:
        sign = page.locator("#now .check")
        soon(sign.get_by_text(now))
        site.stop()
        page.clock.run_for(120_000)
        assert said(page) == later
        site.start()
        until_answered(site, "/")
        # Whoever finds nobody asks less and less often.
        pass_until(page, sign.get_by_text(now).is_visible)


def test_what_a_cache_on_the_way_has_kept_is_as_old_as_it_says(browser: Browser, site: Site) -> None:
    with watched(browser, site) as page:
        kept = page.content()
        page.route("**/events*", lambda route: route.fulfill(status=503))
        headers = {"etag": '"1"', "age": "7200", "content-type": "text/html"}
        for path in ("/", POLLED):
            page.route(site.address + path, lambda route: route.fulfill(headers=headers, body=kept))
        site.stop()
        pass_minutes(page, 2)
        expect(page.locator("#now .check")).to_have_text("Checked 2 hr ago")
        assert "may be out of date" in page.locator("#notice").inner_text()


def test_a_page_that_comes_back_into_view_asks_before_it_says_that_it_is_checked(
    browser: Browser, site: Site
) -> None:
    with watched(browser, site) as page:
        soon(page.locator("#now .check").get_by_text("just now"))
        hide(page, hidden=True)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.clock.run_for(3_600_000)
        assert requests == []
        site.stop()
        hide(page, hidden=False)
        assert said(page) == "Checked 1 hr ago"
        page.clock.run_for(20_000)
        assert "may be out of date" in page.locator("#notice").inner_text()
        site.start()
        until_answered(site, "/")
        pass_until(page, page.locator("#now .check").get_by_text("just now").is_visible)
        expect(page.locator("#notice")).to_have_count(0)


def hide(page: Page, *, hidden: bool) -> None:
    """As if another tab had come before it, or gone."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
