"""The widget on somebody else's site, which may be strict, hostile, or far from the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from publishing.rendering import embed
from publishing.snapshot import Snapshot
from tests.chromium import soon
from tests.edge.open_pages import Site, site, until_answered, with_incident
from tests.publishing import notices, samples
from tests.publishing.test_page_in_browser import AXE, THEMES, faults

__all__ = ["site"]
pytestmark = [pytest.mark.browser, pytest.mark.process]

SENTENCE = "Partial system outage"
# Whatever a site's own style may do to what is on it.
HOSTILE = """
*, *::before, *::after { all: revert; color: #f0f !important; font: 50px/4 fantasy !important;
  letter-spacing: 2em !important; text-transform: uppercase !important; position: absolute !important;
  inset: 0 !important; transform: rotate(40deg) !important; opacity: .1 !important; float: right !important;
  width: 3000px !important; text-indent: 9em; direction: rtl !important; filter: blur(9px) !important }
html { font-size: 3px !important }
html, body, main { all: initial !important; display: block !important }
a, button, p, ul, li, svg, div, span { display: none !important }
.box, .state, .line, .card, .banner { display: none !important; background: red !important }
"""


@contextmanager
def elsewhere(body: str, *, style: str = "", policy: str = "") -> Iterator[str]:
    """The address of a site with this body, on an origin of its own."""
    head = f"<title>Elsewhere</title><style>{style}</style>" if style else "<title>Elsewhere</title>"
    page = (
        f"<!doctype html><html lang='en'><head>{head}</head><body><main>{body}</main></body></html>".encode()
    )

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: object) -> None:
            """A browser's requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def tag(site: Site, attributes: str = "", fallback: str = "") -> str:
    return (
        f'<script src="{site.address}/widget.js" async></script>'
        f'<status-widget src="{site.address}" {attributes}>{fallback}</status-widget>'
    )


@contextmanager
def visited(
    browser: Browser, site: Site, body: str, *, style: str = "", policy: str = "", **options: Any
) -> Iterator[Page]:
    """A site with a widget; whatever is thrown or complained of on it fails the test."""
    until_answered(site, "/")
    context = browser.new_context(locale="en-GB", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    with elsewhere(body, style=style, policy=policy) as address:
        page.goto(address)
        yield page
    context.close()
    assert [one for one in complaints if "net::ERR" not in one and "favicon" not in one] == []


def state(page: Page) -> Locator:
    return page.locator("status-widget .state")


def calm(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, indicator="none", description="All Systems Operational", incidents=())


def test_a_widget_says_how_the_page_is_and_follows_it(browser: Browser, site: Site) -> None:
    with visited(browser, site, tag(site, 'type="card"')) as page:
        soon(state(page).get_by_text("All systems operational"))
        assert state(page).locator("a").get_attribute("href") == f"{site.address}/"
        assert page.locator("status-widget [role=status]").count() == 1
        page.wait_for_timeout(300)

        site.publish(with_incident(site.snapshot))
        soon(state(page).get_by_text(SENTENCE))
        notice = page.locator("status-widget li")
        expect(notice).to_contain_text(notices.open_incident().name)
        assert "Identified" in notice.inner_text()

        site.publish(calm(site.snapshot))
        soon(state(page).get_by_text("All systems operational"))
        expect(notice).to_have_count(0)


@pytest.mark.parametrize("place", ["head", "body"])
def test_a_site_that_showed_statuspages_banner_shows_ours(browser: Browser, site: Site, place: str) -> None:
    script = f'<script src="{site.address}/embed/script.js"></script>'
    # Before </head> of the site there is no body yet.
    style = f"</style>{script}<style>" if place == "head" else ""
    with visited(browser, site, script if place == "body" else "", style=style) as page:
        soon(page.locator("status-widget [role=status]"), "attached")
        assert page.locator("status-widget .box").inner_text() == ""

        site.publish(with_incident(site.snapshot))
        soon(state(page).get_by_text(SENTENCE))
        assert page.locator("status-widget[type=banner] button").count() == 1


def test_a_widget_may_show_only_what_is_wrong(browser: Browser, site: Site) -> None:
    with visited(browser, site, tag(site, "only-problems")) as page:
        soon(page.locator("status-widget [role=status]"), "attached")
        assert page.locator("status-widget .box").inner_text() == ""
        page.wait_for_timeout(300)

        site.publish(with_incident(site.snapshot))
        soon(state(page).get_by_text(SENTENCE))
        site.publish(calm(site.snapshot))
        soon(state(page), "detached")


def test_a_banner_is_dismissed_by_keyboard_until_there_is_another_trouble(
    browser: Browser, site: Site
) -> None:
    site.publish(with_incident(site.snapshot))
    with visited(browser, site, tag(site, 'type="banner" only-problems')) as page:
        soon(state(page).get_by_text(SENTENCE))
        for _ in range(3):
            page.keyboard.press("Tab")
        close = page.get_by_role("button", name="Dismiss this notice")
        assert close.evaluate("button => button === button.getRootNode().activeElement")
        page.keyboard.press("Enter")
        soon(state(page), "detached")
        page.reload()
        page.wait_for_timeout(800)
        assert state(page).count() == 0

        other = replace(notices.open_incident(), id="another00000", name="Another trouble")
        site.publish(replace(site.snapshot, incidents=(other,)))
        soon(page.locator("status-widget li").get_by_text("Another trouble"))


def test_what_a_site_does_to_its_own_elements_does_nothing_to_the_widget(
    browser: Browser, site: Site
) -> None:
    boxes = []
    for style in ("", HOSTILE):
        with visited(browser, site, tag(site, 'type="card"'), style=style) as page:
            soon(state(page))
            widget = page.locator("status-widget")
            boxes.append(
                widget.evaluate(
                    """widget => ['.box', '.state', 'a'].map((name) => {
                        const style = getComputedStyle(widget.shadowRoot.querySelector(name));
                        return ['color', 'fontFamily', 'fontSize', 'lineHeight', 'letterSpacing', 'opacity',
                            'display', 'position', 'float', 'textTransform', 'textIndent', 'filter',
                            'transform', 'direction', 'backgroundColor'].map((one) => style[one]);
                    })"""
                )
            )
            host = widget.evaluate(
                "one => ['opacity', 'transform', 'filter'].map((name) => getComputedStyle(one)[name])"
            )
            assert host == ["1", "none", "none"]
    assert boxes[0] == boxes[1]


def test_the_widget_does_nothing_to_a_site(browser: Browser, site: Site) -> None:
    globals_ = "Object.getOwnPropertyNames(window).sort().join()"
    with visited(browser, site, "<p>Own</p>") as page:
        before, looks = (
            page.evaluate(globals_),
            page.evaluate("getComputedStyle(document.querySelector('p')).font"),
        )
    with visited(browser, site, f"<p>Own</p>{tag(site)}") as page:
        soon(state(page))
        assert page.evaluate(globals_) == before
        assert page.evaluate("getComputedStyle(document.querySelector('p')).font") == looks
        assert page.evaluate("document.querySelectorAll('style, link').length") == 0
        assert page.evaluate("document.cookie + Object.keys(localStorage)") == ""


def test_a_strict_policy_needs_to_allow_the_page_alone(browser: Browser, site: Site) -> None:
    """No inline style, no markup from text."""
    policy = (
        f"default-src 'none'; script-src {site.address}; connect-src {site.address}; "
        "require-trusted-types-for 'script'"
    )
    with visited(browser, site, tag(site, 'type="banner"'), policy=policy) as page:
        soon(state(page).get_by_text("All systems operational"))
        assert (
            page.locator("status-widget .box").evaluate("box => getComputedStyle(box).borderRadius") != "0px"
        )


@pytest.mark.parametrize(
    "attributes", ["", 'src="http://"', 'src="javascript:alert(1)"', 'src="http://127.0.0.1:9"']
)
def test_a_widget_that_has_nothing_to_tell_leaves_what_stands_in_it(
    browser: Browser, site: Site, attributes: str
) -> None:
    script = f'<script src="{site.address}/widget.js"></script>'
    body = f'{script}<status-widget {attributes}><a href="/status">Status</a></status-widget>'
    with visited(browser, site, body) as page:
        page.wait_for_timeout(700)
        assert page.get_by_role("link", name="Status").is_visible()
        assert page.evaluate("!!customElements.get('status-widget')")


def test_a_widget_asks_nothing_while_nobody_looks(browser: Browser, site: Site) -> None:
    hide = """hidden => {
        Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    with visited(browser, site, tag(site)) as page:
        soon(state(page))
        page.wait_for_timeout(300)
        page.evaluate(hide, True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        site.publish(with_incident(site.snapshot))
        page.wait_for_timeout(3000)
        assert asked == []

        page.evaluate(hide, False)
        soon(state(page).get_by_text(SENTENCE))


def test_a_widget_asks_from_time_to_time_where_nothing_streams(browser: Browser, site: Site) -> None:
    """And says so when nobody answers. Minutes pass as seconds here."""
    quick = embed.script().body.replace(b"5e3", b"1e2")
    for slow, fast in ((b"OLD=18e4", b"OLD=3e3"), (b"PAUSE=3e4", b"PAUSE=3e2")):
        assert slow in quick
        quick = quick.replace(slow, fast)
    with visited(browser, site, "") as page:
        page.route("**/events", lambda route: route.abort())
        page.route("**/widget.js", lambda route: route.fulfill(body=quick, content_type="text/javascript"))
        page.set_content(tag(site))
        soon(state(page).get_by_text("All systems operational"))
        site.publish(with_incident(site.snapshot))
        soon(state(page).get_by_text(SENTENCE))
        assert page.locator("status-widget .old").count() == 0

        page.route("**/widget.json", lambda route: route.abort())
        soon(page.locator("status-widget .old"))
        assert "may be out of date" in page.locator("status-widget .old").inner_text()


@pytest.mark.parametrize("form", ["line", "card", "banner"])
def test_axe_finds_nothing_in_a_widget(browser: Browser, site: Site, form: str) -> None:
    body = f"<h1>Elsewhere</h1>{tag(site, f'type={form!r}')}"
    scheme = ":root { color-scheme: light dark }"
    with visited(browser, site, body, style=scheme, reduced_motion="reduce") as page:
        soon(state(page))
        page.add_script_tag(path=str(AXE))
        found = []
        for snapshot in (calm(site.snapshot), with_incident(site.snapshot), maintained(site.snapshot)):
            site.publish(snapshot)
            soon(page.locator(f"status-widget .box.{snapshot.indicator}"))
            found += [fault for theme in THEMES for fault in faults(page, theme)]
        assert found == []


def maintained(snapshot: Snapshot) -> Snapshot:
    window = notices.running_maintenance()
    quiet = replace(snapshot, incidents=(), maintenance=(window,))
    return replace(quiet, indicator="maintenance", description="Service Under Maintenance")


def test_a_widget_speaks_the_language_of_its_page(browser: Browser, site: Site) -> None:
    site.publish(samples.arabic())
    with visited(browser, site, tag(site, 'type="card"')) as page:
        soon(state(page))
        box = page.locator("status-widget .box")
        assert (box.get_attribute("lang"), box.get_attribute("dir")) == ("ar", "rtl")
        assert box.evaluate("box => getComputedStyle(box).direction") == "rtl"


def test_any_site_may_frame_the_frame_and_nothing_else(browser: Browser, site: Site) -> None:
    body = "".join(
        f'<iframe title="{name}" src="{site.address}{path}"></iframe>'
        for name, path in (("frame", "/embed/frame"), ("page", "/"))
    )
    until_answered(site, "/")
    site.publish(with_incident(site.snapshot))
    page = browser.new_page()
    with elsewhere(body) as address:
        page.goto(address)
        frame = page.frame_locator("iframe[title=frame]")
        soon(frame.get_by_role("link", name=SENTENCE))
        assert frame.get_by_role("link", name=notices.open_incident().name).count() == 1
        assert page.frame_locator("iframe[title=page]").locator("main").count() == 0
        page.wait_for_timeout(300)
        site.publish(calm(site.snapshot))
        soon(frame.get_by_role("link", name="All systems operational"))
    page.close()


def test_the_frame_is_complete_without_scripts(browser: Browser, site: Site) -> None:
    until_answered(site, "/")
    site.publish(with_incident(site.snapshot))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/embed/frame")
    assert page.get_by_role("heading", name=SENTENCE).is_visible()
    assert page.get_by_role("link", name=notices.open_incident().name).is_visible()
    context.close()


def test_a_widget_asks_once_and_again_only_for_news(browser: Browser, site: Site) -> None:
    with visited(browser, site, "") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(site.address)))
        page.set_content(tag(site) + tag(site, 'type="card"'))
        soon(page.locator("status-widget[type=card] .state"))
        page.wait_for_timeout(2500)
        assert sorted(one for one in asked if one != "/widget.js") == ["/embed/widget.json", "/events"]

        asked.clear()
        site.publish(with_incident(site.snapshot))
        soon(page.locator("status-widget li"))
        assert asked == [f"/embed/widget.json?{site.snapshot.version}"]
