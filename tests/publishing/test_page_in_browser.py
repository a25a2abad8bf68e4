"""The page as a browser shows it: at every width, in both themes, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.publishing import notices, pages, samples

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js"
SAMPLES = ("calm", "stormy", "empty", "german", "arabic")
WIDTHS = (320, 768, 1440, 3840)
THEMES = ("light", "dark")
UNFOLD = "document.querySelectorAll('details').forEach((box) => { box.open = true })"
EVENTFUL = "#c-cmp000000000"


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(pages.served(getattr(samples, name)())) for name in SAMPLES}


@contextmanager
def opened(
    browser: Browser, address: str, *, allowed: tuple[str, ...] = (), **options: Any
) -> Iterator[Page]:
    """A page at the instant of the samples; anything the browser complains of fails the test."""
    context = browser.new_context(timezone_id="America/New_York", locale="en-GB", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.clock.set_fixed_time(notices.NOW)
    page.goto(address)
    yield page
    context.close()
    assert [text for text in complaints if not any(word in text for word in allowed)] == []


@pytest.mark.parametrize("sample", ["stormy", "calm", "arabic"])
def test_axe_finds_nothing_on_any_kind_of_page_in_either_theme(
    browser: Browser, addresses: dict[str, str], sample: str
) -> None:
    found = []
    for path in pages.EVERY_KIND:
        # axe itself is injected, which the page's policy would rightly refuse.
        options = {"bypass_csp": True, "reduced_motion": "reduce"}
        with opened(browser, addresses[sample] + path, allowed=("404",), **options) as page:
            page.evaluate(UNFOLD)
            page.add_script_tag(path=str(AXE))
            found += [fault for theme in THEMES for fault in faults(page, theme)]
    assert found == []


def faults(page: Page, theme: Any) -> list[tuple[str, str, str, str]]:
    page.emulate_media(color_scheme=theme)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (page.url, theme, rule["id"], node["html"][:120])
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_sticks_out_at_any_width(browser: Browser, addresses: dict[str, str], sample: str) -> None:
    for path in pages.EVERY_KIND:
        with opened(browser, addresses[sample] + path, allowed=("404",)) as page:
            page.evaluate(UNFOLD)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_text_may_be_twice_as_large(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["stormy"], viewport={"width": 640, "height": 800}) as page:
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_loading_shifts_nothing(browser: Browser, addresses: dict[str, str]) -> None:
    watch = """
      window.shift = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => { shift += entry.value }))
        .observe({type: "layout-shift", buffered: true});
    """
    for width in (360, 1440):
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.add_init_script(watch)
        page.goto(addresses["stormy"], wait_until="networkidle")
        assert page.evaluate("shift") < 0.01, width
        context.close()


def test_without_scripts_each_bar_can_be_read_as_text(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["calm"], allowed=("404",), java_script_enabled=False) as page:
        bar = page.locator(f"{EVENTFUL} details.bar")
        bar.locator("summary .label").click()
        lines = bar.locator("li").all_inner_texts()
        assert len(lines) == 5
        assert all(any(word in line for word in ("outage", "Degraded", "maintenance")) for line in lines)
        bar.locator("li a").first.click()
        page.wait_for_url("**/uptime/2026-*")


def test_a_pointer_on_a_bar_shows_that_day(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["calm"]) as page:
        days = page.locator(f"{EVENTFUL} .days")
        line = page.locator(f"{EVENTFUL} li").first
        index = int(line.get_attribute("data-i") or "")
        box = days.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + (index + 0.5) * box["width"] / samples.DAYS, box["y"] + 20)
        tip = page.locator(".tip")
        expect(tip).to_contain_text(line.locator("span").text_content() or "")
        page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20)
        expect(tip).to_contain_text("19 November")
        expect(tip).to_contain_text("No problems")
        page.mouse.move(5, 5)
        expect(tip).to_be_hidden()


def test_arrows_walk_along_the_days_with_problems(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["calm"]) as page:
        page.locator(f"{EVENTFUL} summary").focus()
        seen = []
        for _step in range(5):
            page.keyboard.press("ArrowLeft")
            seen.append(page.locator(".tip b").inner_text())
        assert len(set(seen)) == 5
        page.keyboard.press("ArrowRight")
        assert page.locator(".tip b").inner_text() == seen[3]
        page.keyboard.press("Escape")
        assert page.locator(".tip").is_hidden()


def test_arrows_follow_the_direction_of_reading(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["arabic"]) as page:
        page.locator(f"{EVENTFUL} summary").focus()
        page.keyboard.press("ArrowRight")
        last = page.locator(".tip").get_attribute("data-index")
        indexes = page.locator(f"{EVENTFUL} li").evaluate_all("lines => lines.map((line) => +line.dataset.i)")
        assert last == str(max(indexes))


def test_a_group_stays_as_its_reader_left_it(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["calm"]) as page:
        group = page.locator("#g-grp000000001")
        assert group.get_attribute("open") is not None
        group.locator("summary .name").first.click()
        # That it was folded is told, and so kept, a moment later.
        page.wait_for_function("localStorage.groups?.includes('\"g-grp000000001\":false')")
        page.reload()
        assert group.get_attribute("open") is None


def test_a_link_to_a_component_opens_its_group(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["calm"] + "/#c-cmp000000030") as page:
        assert page.locator("#c-cmp000000030").is_visible()


def test_times_tell_their_age_and_the_readers_own_zone(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["stormy"]) as page:
        promise = page.locator(".promise")
        assert "16:00 CET · in 28 min" in promise.inner_text()
        promise.locator("time").hover()
        expect(promise.locator("time")).to_have_attribute("title", "19 Nov 2026, 10:00 GMT-5")


def test_the_keyboard_reaches_the_content_first(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["calm"]) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_forced_colours_keep_signs_and_bars(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["stormy"], forced_colors="active") as page:
        colour = "(node, name) => getComputedStyle(node)[name]"
        sign = page.locator(".banner .i").evaluate(colour, "fill")
        assert sign == page.locator("body").evaluate("node => getComputedStyle(node).color")
        assert page.locator(".days .o").first.evaluate(colour, "stroke") == sign


def test_on_paper_everything_is_unfolded(browser: Browser, addresses: dict[str, str]) -> None:
    with opened(browser, addresses["stormy"]) as page:
        hidden = page.locator("#g-grp000000003 .rows")
        assert not hidden.is_visible()
        page.emulate_media(media="print")
        assert hidden.is_visible()
        assert page.locator(".top nav").is_hidden()
