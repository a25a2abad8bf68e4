"""Charts as a browser shows them: at every width, in both themes, in both directions, without scripts too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clocks import until
from tests.metrics.views import METRICS, with_metrics
from tests.publishing import pages, samples
from tests.publishing.notices import NOW

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js"
OWN = f"/metrics/{METRICS[0].id}"
_LOADED = """[...document.querySelectorAll('.chart')].every(
    (one) => !one.checkVisibility() || one.loading === 'lazy' || one.naturalHeight)"""
_LETTERS = """[...document.querySelectorAll('text')]
    .filter((one) => getComputedStyle(one).display !== 'none')
    .map((one) => [one.textContent, one.getBoundingClientRect(), parseFloat(getComputedStyle(one).fontSize)])
    .map(([said, box, size]) => [said, box.left, box.right, size])"""


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(pages.served(*with_metrics(getattr(samples, name)())))
            for name in ("calm", "arabic")
        }


def visible(page: Any) -> list[str]:
    """Paths of the charts that are shown."""
    shown = page.locator(".metrics .chart").evaluate_all(
        "(all) => all.filter((one) => one.checkVisibility()).map((one) => new URL(one.src).pathname)"
    )
    return [str(path) for path in shown]


def test_without_scripts_every_chart_of_each_period_is_there(
    browser: Browser, addresses: dict[str, str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(addresses["calm"])
    for period in ("day", "week", "month"):
        page.locator(f".periods label:has([value={period}])").click()
        assert visible(page) == [f"/metrics/{one.id}/{period}.svg" for one in METRICS]
    context.close()


@pytest.mark.parametrize("sample", ["calm", "arabic"])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, addresses: dict[str, str], sample: str
) -> None:
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    for path in ("/", OWN):
        page.goto(addresses[sample] + path)
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true })")
        page.add_script_tag(path=str(AXE))
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert [(rule["id"], rule["nodes"][0]["html"]) for rule in result["violations"]] == []
        for width in (320, 768, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    context.close()


@pytest.mark.parametrize("width", [288, 736])
def test_letters_of_a_chart_keep_their_size_and_stay_inside(
    browser: Browser, addresses: dict[str, str], width: int
) -> None:
    """Opened by itself, a chart can be looked into."""
    context = browser.new_context(viewport={"width": width, "height": 300}, bypass_csp=True)
    page = context.new_page()
    for sample in ("calm", "arabic"):
        for metric in METRICS[:3]:
            for period in ("day", "week", "month"):
                page.goto(f"{addresses[sample]}/metrics/{metric.id}/{period}.svg")
                boxes = page.evaluate(_LETTERS)
                assert len(boxes) > 4
                for said, left, right, size in boxes:
                    place = (sample, metric.name, period, said)
                    assert left >= -0.5, place
                    assert right <= width + 0.5, place
                    assert size in (11, 12, 22), place
    context.close()


def test_a_picture_follows_the_readers_theme(browser: Browser, addresses: dict[str, str]) -> None:
    shots = []
    for theme in ("light", "dark"):
        context = browser.new_context(color_scheme=theme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(addresses["calm"] + OWN)
        until(lambda page=page: page.evaluate(_LOADED), seconds=30)
        shots.append(page.locator(".chart").first.screenshot())
        context.close()
    assert shots[0] != shots[1]


def test_an_open_page_asks_for_charts_anew_each_minute(browser: Browser, addresses: dict[str, str]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install(time=NOW)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(addresses["calm"] + OWN)
    until(lambda: page.evaluate(_LOADED), seconds=30)
    before = [url for url in asked if ".svg?" in url]
    page.clock.run_for(130_000)
    until(lambda: page.evaluate(_LOADED), seconds=30)
    context.close()

    assert before == []
    first = [url for url in asked if f"{OWN}/day.svg?" in url]
    assert 2 <= len(set(first)) <= 3
    assert len(first) == len(set(first))
