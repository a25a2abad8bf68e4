"""A page left open in a real browser follows what is published, and says so when it cannot."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from publishing import render
from store import Entry, Manifest
from tests.chromium import soon
from tests.clocks import until
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
from tests.publishing import notices, samples
from tests.publishing.pages import documents_of
from tests.publishing.test_page_in_browser import AXE, THEMES, faults
from tests.store.builders import ACME, PUBLISHED_AT

__all__ = ["site"]
pytestmark = [pytest.mark.browser, pytest.mark.process]


def test_an_open_page_follows_an_incident_from_its_beginning_to_its_end(browser: Browser, site: Site) -> None:
    name = notices.open_incident().name
    with opened(browser, site) as page:
        page.evaluate("window.notReloaded = true")
        calm_icon = page.locator("link[rel=icon]").get_attribute("href") or ""

        site.publish(with_incident(site.snapshot))
        soon(page.get_by_text(name).first)
        expect(page.locator("h1")).to_have_text("Partial system outage")
        expect(page).to_have_title(re.compile("^Partial system outage"))
        expect(page.locator("link[rel=icon]")).not_to_have_attribute("href", calm_icon)
        expect(page.locator("p.sr[role=status]")).to_contain_text(name)

        update = replace(notices.open_incident().updates[0], id="newupdate000", body="The dam holds again.")
        longer = replace(notices.open_incident(), updates=(update, *notices.open_incident().updates))
        site.publish(replace(site.snapshot, incidents=(longer,)))
        soon(page.get_by_text("The dam holds again.").first)
        expect(page.locator("p.sr[role=status]")).to_contain_text("The dam holds again.")

        site.publish(replace(samples.calm(), indicator="none", description="All Systems Operational"))
        soon(page.locator(".unresolved-incident"), "detached")
        expect(page.locator("h1")).to_have_text("All systems operational")
        assert page.evaluate("window.notReloaded")
        with opened(browser, site) as fresh:
            until(lambda: inside(page) == inside(fresh), lambda: f"{inside(page)}\n{inside(fresh)}")


def inside(page: Page) -> str:
    return page.locator("main").inner_html()


def test_without_scripts_the_page_tells_the_truth_on_reload(browser: Browser, site: Site) -> None:
    name = notices.open_incident().name
    with opened(browser, site, java_script_enabled=False) as page:
        assert page.locator("h1").inner_text() == "All systems operational"
        site.publish(with_incident(site.snapshot))
        until(lambda: reloaded(page) == "Partial system outage")
        assert page.locator(".unresolved-incident h3").inner_text() == name
        site.publish(replace(samples.calm(), indicator="none", description="All Systems Operational"))
        until(lambda: reloaded(page) == "All systems operational")
        assert page.locator(".unresolved-incident").count() == 0
        # That somebody looks on is said only where somebody does.
        assert "Checked" not in page.locator("#now").inner_text()


def reloaded(page: Page) -> str:
    page.reload()
    return page.locator("h1").inner_text()


def test_what_the_reader_has_marked_stays_marked(browser: Browser, site: Site) -> None:
    site.publish(with_incident(site.snapshot))
    words = notices.open_incident().updates[0].body[4:24]
    with opened(browser, site) as page:
        marked = page.evaluate(
            """words => {
                const box = document.querySelector(".unresolved-incident .prose");
                const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
                while (walk.nextNode()) {
                    const at = walk.currentNode.data.indexOf(words);
                    const node = walk.currentNode;
                    if (at >= 0) getSelection().setBaseAndExtent(node, at, node, at + words.length);
                }
                return `${getSelection()}`;
            }""",
            words,
        )
        assert marked == words
        update = replace(notices.open_incident().updates[0], id="newupdate000", body="The dam holds again.")
        longer = replace(notices.open_incident(), updates=(update, *notices.open_incident().updates))
        site.publish(replace(site.snapshot, incidents=(longer,)))
        soon(page.get_by_text("The dam holds again.").first)
        assert page.evaluate("`${getSelection()}`") == words


def test_what_the_reader_looks_at_stays_where_it_is(browser: Browser, site: Site) -> None:
    calm = {"viewport": {"width": 800, "height": 600}, "reduced_motion": "reduce"}
    with opened(browser, site, **calm) as page:
        target = page.locator("#c-cmp000000010")
        page.locator("#c-cmp000000000 details.bar").evaluate("box => { box.open = true }")
        target.evaluate("row => row.scrollIntoView({block: 'start', behavior: 'instant'})")
        target.locator("a.name").evaluate("link => link.focus({preventScroll: true})")
        page.wait_for_timeout(200)
        seen = target.bounding_box()
        assert page.evaluate("scrollY") > 100

        site.publish(with_incident(site.snapshot))
        soon(page.get_by_text(notices.open_incident().name).first, "attached")
        page.wait_for_timeout(200)

        assert seen is not None
        assert abs((target.bounding_box() or seen)["y"] - seen["y"]) <= 1
        assert page.evaluate("document.activeElement.closest('li').id") == "c-cmp000000010"
        assert page.locator("#c-cmp000000000 details.bar").get_attribute("open") is not None


def test_an_element_that_is_replaced_stays_open_and_focused(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        bar = page.locator("#c-cmp000000000 details.bar")
        bar.locator("summary").focus()
        page.keyboard.press("Enter")
        page.evaluate("document.querySelector('#c-cmp000000000').dataset.old = 'yes'")
        group, *others = site.snapshot.groups
        first = replace(group.components[0], name="Renamed", status="degraded_performance")
        changed = replace(group, components=(first, *group.components[1:]))

        site.publish(replace(site.snapshot, groups=(changed, *others)))

        soon(page.get_by_text("Renamed").first)
        assert page.locator("#c-cmp000000000").get_attribute("data-old") is None
        assert bar.get_attribute("open") is not None
        assert page.evaluate("document.activeElement.closest('li').id") == "c-cmp000000000"


def test_an_incident_that_is_open_in_a_tab_follows_too(browser: Browser, site: Site) -> None:
    path = f"/incidents/{notices.open_incident().id}"
    with opened(browser, site, path) as page:
        page.evaluate("window.notReloaded = true")
        documents = documents_of(replace(site.snapshot, version=site.snapshot.version + 1))
        text = documents[path].body.replace(b"<h1 dir", b"<h1 data-new dir")
        site_put(site, documents | {path: replace(documents[path], body=text)})
        soon(page.locator("h1[data-new]"))
        assert page.evaluate("window.notReloaded")


def site_put(site: Site, documents: dict[str, Any]) -> None:
    entries = {path: Entry.of(document) for path, document in documents.items()}
    version = site.snapshot.version + 1
    assert site.store.put(
        Manifest(ACME, "public", version, 0, PUBLISHED_AT, entries), list(documents.values())
    )


def test_a_page_recovers_by_itself_when_its_server_was_away(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        page.evaluate("window.notReloaded = true")
        site.stop()
        site.publish(with_incident(site.snapshot))
        site.start()
        page.get_by_text(notices.open_incident().name).first.wait_for()
        assert page.evaluate("window.notReloaded")


def test_a_page_that_cannot_be_kept_current_says_so_until_it_can(browser: Browser, site: Site) -> None:
    with watched(browser, site) as page:
        site.stop()
        assert page.locator("#notice").count() == 0
        for _ in range(8):
            page.clock.run_for(10_000)
        assert "may be out of date" in page.locator("#notice").inner_text()
        site.start()
        until_answered(site, "/")
        pass_until(page, lambda: not page.locator("#notice").count())


def test_without_streams_it_is_asked_whether_there_is_something_new(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.clock.install()
    asked: Counter[str] = Counter()

    def refuse(route: Route) -> None:
        asked["/events"] += 1
        route.fulfill(status=503)

    page.route("**/events*", refuse)
    page.on("response", lambda response: asked.update([f"{urlsplit(response.url).path} {response.status}"]))
    page.goto(until_answered(site, "/"))
    asked.clear()
    pass_minutes(page, 5)
    # First what both are; then a few bytes every 15 to 35 seconds, and the page no more.
    assert 8 <= asked[f"{POLLED} 200"] + asked[f"{POLLED} 304"] <= 16
    assert asked["/ 200"] + asked["/ 304"] == 1
    site.publish(with_incident(site.snapshot))
    until(lambda: f'"version":{site.snapshot.version}' in site.answer(POLLED))
    pass_minutes(page, 5)
    assert asked["/ 200"] + asked["/ 304"] == 2
    # In ten minutes: at once, and then after ever longer times.
    assert 3 <= asked["/events"] <= 8
    expect(page.locator("h1")).to_have_text("Partial system outage")
    assert page.locator("#notice").count() == 0
    assert said(page) == "Checked just now"
    context.close()


def test_a_page_says_that_nobody_confirms_it_until_somebody_does(browser: Browser, site: Site) -> None:
    with opened(browser, site) as page:
        assert page.locator("#notice").count() == 0
        site.store.beat(datetime.now(UTC) - timedelta(minutes=5))
        page.locator("#notice").wait_for()
        assert re.search("[56] min", page.locator("#notice").inner_text())
        assert page.locator("#notice").bounding_box()["y"] < page.locator("main").bounding_box()["y"]  # type: ignore[index]
        site.store.beat(datetime.now(UTC))
        page.locator("#notice").wait_for(state="detached")


def test_an_open_page_goes_once_it_is_not_for_everybody(browser: Browser, site: Site) -> None:
    site.publish(with_incident(site.snapshot))
    with opened(browser, site, bypass_csp=True) as page:
        assert notices.open_incident().name in page.content()
        site.snapshot = replace(site.snapshot, version=site.snapshot.version + 1)
        site.put([*render.render_closed(site.snapshot.page), *render.assets(site.snapshot.page)])
        page.get_by_text("This status page is not public").wait_for()
        assert notices.open_incident().name not in page.content()
        page.add_script_tag(path=str(AXE))
        assert [fault for theme in THEMES for fault in faults(page, theme)] == []


def test_axe_finds_nothing_while_a_page_follows(browser: Browser, site: Site) -> None:
    site.store.beat(datetime.now(UTC) - timedelta(minutes=5))
    site.stop()
    site.start()
    with opened(browser, site, bypass_csp=True) as page:
        page.locator("#notice").wait_for()
        site.publish(with_incident(site.snapshot))
        soon(page.get_by_text(notices.open_incident().name).first)
        page.add_script_tag(path=str(AXE))
        assert [fault for theme in THEMES for fault in faults(page, theme)] == []
