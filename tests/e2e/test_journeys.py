"""What an operator does: from nothing to a page at a domain of one's own, maintenance, looks, a page brought
over; partly without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.clocks import Stopwatch, until
from tests.e2e.conftest import Outside
from tests.e2e.service import Service
from tests.e2e.test_accounts import link_in, sign_up

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.timeout(600)]

HOST = "status.initech.example.org"
TWO_MINUTES = 120
MINUTE = "%Y-%m-%dT%H:%M"


@pytest.fixture(scope="module")
def begun(service: Service, browser: Browser) -> Iterator[tuple[Page, float]]:
    """Ann, who signed up and has launched her first page; and how many seconds that took."""
    with browser.new_context(timezone_id="Europe/Berlin") as context:
        page = context.new_page()
        page.goto(f"{service.app}/accounts/signup/")
        watch = Stopwatch()
        sign_up(page, "Ann", "ann@example.org")
        page.goto(link_in(service, "Confirm your e-mail address", "ann@example.org"))
        page.click("main button")
        page.wait_for_url("**/o/**")
        page.click("text=New organisation")
        page.fill("[name=name]", "Initech")
        page.click("text=Make it")
        page.wait_for_url("**/o/initech/new")
        page.fill("[name=name]", "Initech")
        page.get_by_label("Website").check()
        page.fill("[name=components]", "Core: API\nCore: Jobs")
        page.click("text=Go on to the preview")
        page.click("main button:has-text('Launch the page')")
        page.wait_for_selector("text=First steps")
        until(lambda: service.get("initech.localhost")[0] == 200)
        yield page, watch.seconds


@pytest.fixture
def ann(begun: tuple[Page, float]) -> Page:
    return begun[0]


@pytest.fixture
def home(ann: Page, service: Service) -> str:
    """The address of her page in the dashboard."""
    ann.goto(f"{service.app}/o/initech/")
    return ann.url


@pytest.fixture
def plain(ann: Page, browser: Browser) -> Iterator[Page]:
    """Hers too, in a browser without JavaScript."""
    with browser.new_context(java_script_enabled=False) as context:
        context.add_cookies(ann.context.cookies())  # type: ignore[arg-type]
        yield context.new_page()


def shows(service: Service, words: str, host: str = "initech.localhost") -> None:
    until(lambda: words in service.get(host)[1], lambda: f"{host} does not say {words}")


def test_from_the_sign_up_to_a_published_page_within_two_minutes(
    service: Service, begun: tuple[Page, float]
) -> None:
    _page, took = begun
    assert took < TWO_MINUTES
    text = service.get("initech.localhost")[1]
    assert all(name in text for name in ("Website", "Core", "API", "Jobs"))


def test_maintenance_is_planned_runs_and_is_over_without_javascript(
    service: Service, plain: Page, home: str
) -> None:
    zone = timedelta(hours=1)
    begins = datetime.now(UTC) + zone + timedelta(days=1)
    plain.goto(f"{home}maintenance/new")
    plain.fill("[name=name]", "New disks")
    plain.fill("[name=scheduled_for]", begins.strftime(MINUTE))
    plain.fill("[name=scheduled_until]", (begins + timedelta(hours=2)).strftime(MINUTE))
    plain.select_option("[name=repeats]", "week")
    plain.get_by_label("API").check()
    plain.click("text=Preview")
    expect(plain.locator("#preview")).to_contain_text("its components go under maintenance")
    plain.select_option("[name=repeats]", "")
    plain.click("text=Announce it")
    expect(plain.locator("h1")).to_have_text("New disks")
    shows(service, "New disks")

    plain.get_by_label("In progress", exact=True).check()
    plain.click("text=Publish the update")
    expect(plain.locator(".tags")).to_contain_text("In progress")
    shows(service, "Under maintenance")
    plain.get_by_label("Completed", exact=False).first.check()
    plain.click("text=Publish the update")
    expect(plain.locator(".tags")).to_contain_text("Completed")
    until(lambda: "Under maintenance" not in service.get("initech.localhost", "/api/v2/summary.json")[1])


def test_what_recurs_is_previewed_planned_and_called_off(service: Service, ann: Page, home: str) -> None:
    begins = datetime.now(UTC) + timedelta(days=2)
    ann.goto(f"{home}maintenance/new")
    ann.fill("[name=name]", "Weekly backup")
    ann.fill("[name=scheduled_for]", begins.strftime(MINUTE))
    ann.fill("[name=scheduled_until]", (begins + timedelta(hours=1)).strftime(MINUTE))
    ann.select_option("[name=repeats]", "week")
    ann.locator("#preview", has_text="Begins").wait_for()
    ann.keyboard.press("Control+Enter")
    ann.wait_for_url("**/maintenance/series/*/")
    shows(service, "Weekly backup")
    ann.goto(f"{home}maintenance/")
    ann.get_by_role("link", name="Weekly backup").first.click()
    expect(ann.locator("h1")).to_have_text("Weekly backup")
    ann.locator("summary[aria-label=More]").click()
    ann.click("text=Call it off")
    ann.wait_for_url("**/cancel")
    ann.locator("main form button").first.click()
    expect(ann.locator(".tags")).to_contain_text("Cancelled")


def test_an_incident_is_opened_and_resolved_without_javascript(
    service: Service, plain: Page, home: str
) -> None:
    plain.goto(home)
    plain.get_by_role("link", name="Open an incident").first.click()
    plain.fill("[name=name]", "Jobs wait")
    plain.locator("li", has_text="Jobs").get_by_title("Partial outage").click()
    plain.get_by_role("button", name="Open the incident").click()
    expect(plain.locator(".toast, [role=status]").first).to_contain_text("Visitors see it now")
    shows(service, "Jobs wait")
    plain.get_by_label("Resolved", exact=True).check()
    plain.get_by_role("button", name="Publish the update").click()
    expect(plain.locator(".tags")).to_contain_text("Resolved")
    until(lambda: '"indicator":"none"' in service.get("initech.localhost", "/api/v2/status.json")[1])


def test_the_look_is_changed_seen_beforehand_and_on_the_page(
    service: Service, ann: Page, home: str, tmp_path: Path
) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGB", (120, 40), "#336699").save(logo)
    ann.goto(f"{home}appearance/")
    ann.set_input_files("[name=logo_light]", logo)
    ann.fill("[name=accent]", "#ffee00")
    ann.fill("[name=custom_css]", "h1 { background: url(https://evil.example/x.png) }")
    ann.get_by_role("button", name="Save", exact=True).click()
    expect(ann.locator(".field", has=ann.locator("[name=custom_css]"))).to_contain_text("url")
    # What is typed before the scripts are there is not seen beforehand.
    ann.wait_for_load_state()
    ann.set_input_files("[name=logo_light]", logo)
    ann.fill("[name=custom_css]", "h1 { letter-spacing: 3px }")
    frame = ann.frame_locator("iframe[name=preview-dark]")
    expect(frame.locator("h1").first).to_have_css("letter-spacing", "3px")
    ann.get_by_role("button", name="Save", exact=True).click()
    expect(ann.locator("main")).to_contain_text("is hard to read")
    visitor = ann.context.new_page()

    def worn() -> bool:
        visitor.goto(f"http://initech.localhost:{service.port}/")
        spacing = visitor.evaluate("getComputedStyle(document.querySelector('h1')).letterSpacing")
        return spacing == "3px" and visitor.evaluate("[...document.images].some((one) => one.naturalWidth)")

    until(worn)
    visitor.close()


def test_a_domain_is_added_proved_by_its_records_and_served(
    service: Service, outside: Outside, ann: Page, home: str
) -> None:
    ann.goto(f"{home}settings/hosts/")
    ann.fill("input[name=host]", HOST)
    ann.click("text=Add it")
    rows = ann.locator(".records tr", has=ann.locator("td"))
    expect(rows).to_have_count(2)
    cells = [[one.inner_text().strip() for one in row.locator("code").all()] for row in rows.all()]
    (kind, name, alias), (text, about, value) = cells
    assert (kind, name, text) == ("CNAME", HOST, "TXT")
    assert re.fullmatch(r"[0-9a-f]{24}\.localhost", alias)
    ann.click("text=Check now")
    expect(ann.locator(".findings")).to_contain_text("its TXT record is missing")
    assert service.get(HOST)[0] == 404

    outside.names.texts[about], outside.names.aliases[name] = [value], alias
    ann.click("text=Check now")
    expect(ann.locator(".findings")).to_contain_text("leads here")
    shows(service, "Initech", HOST)
    ann.click(f"section:has-text('{HOST}') >> text=Make it the main address")
    until(lambda: f"//{HOST}" in service.get("initech.localhost", "/api/v2/summary.json")[1])


def test_a_page_is_brought_over_and_launched(service: Service, outside: Outside, ann: Page) -> None:
    ann.goto(f"{service.app}/o/initech/new/import")
    ann.fill("[name=url]", outside.url)
    ann.fill("[name=slug]", "brought")
    ann.click("main button.primary")
    # It says so by itself.
    ann.get_by_role("link", name="Preview and launch").click()
    expect(ann.locator("main")).to_contain_text("API Requests")
    ann.click("main button:has-text('Launch the page')")
    shows(service, "API Requests", "brought.localhost")
