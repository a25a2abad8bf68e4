"""The admin as a person uses it: a real server, a real browser, and the page that follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import ROOT, TEMPLATE, Live

pytestmark = [pytest.mark.browser, pytest.mark.process]

AXE = ROOT / "tests" / "vendor" / "axe.min.js"
_FURNISH = """
from components.actions import create_component
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from tenants.actions import set_role
from tenants.models import Role, User
person = User.objects.create_user("owner@acme.example", "long enough")
set_role(person, acme, Role.OWNER, SYSTEM)
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme", time_zone="Europe/Berlin")
    ids = [create_component(page, SYSTEM, name=name).pk for name in ("API", "Website")]
    open_incident(page, SYSTEM, Words("identified", "Hm.", components={ids[1]: "partial_outage"}), name="Old")
"""
SCREENS = [
    "",
    "incidents/incident/",
    "incidents/incident/add/",
    "incidents/maintenancewindow/add/",
    "incidents/maintenanceseries/add/",
    "components/component/",
    "components/component/add/",
    "pages/statuspage/",
    "subscribers/subscriber/add/",
    "events/event/",
]


@pytest.fixture(scope="module", params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(django_db_setup: None, theme: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app host, with what the tests in one theme do there."""
    with Live.start(TEMPLATE, tmp_path_factory.mktemp("admin")) as live:
        live.run(_FURNISH)
        yield live.serve()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of, such as breaches of the content policy: it fails the test."""
    return []


@pytest.fixture
def signed_in(server: str, complaints: list[str], theme: Any, browser: Browser) -> Iterator[Page]:
    """At the overview."""
    with browser.new_context(color_scheme=theme) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{server}/o/acme/admin/")
        page.fill("[name=login]", "owner@acme.example")
        page.fill("[name=password]", "long enough")
        page.click("[type=submit]")
        page.wait_for_url(f"{server}/o/acme/admin/")
        yield page
    assert complaints == []


def test_an_incident_opened_here_is_on_the_page_at_once(server: str, signed_in: Page) -> None:
    signed_in.click("text=Open an incident")
    signed_in.fill("[name=name]", "Everything is slow")
    signed_in.fill("[name=body]", "We are looking for the cause.")
    signed_in.select_option("tr:has-text('API') select", "degraded_performance")
    signed_in.click("text=Open the incident")
    expect(signed_in.locator(".messagelist")).to_contain_text("was saved")

    status_page = server.replace("localhost", "acme.localhost")
    signed_in.goto(status_page)
    expect(signed_in.locator("body")).to_contain_text("Everything is slow")


def test_resolving_asks_about_components_only_then(server: str, signed_in: Page) -> None:
    signed_in.click("#content >> text=Old")
    expect(signed_in.locator("#id_status")).to_be_visible()
    assert not signed_in.is_visible("#id_to_operational")
    signed_in.select_option("#id_status", "resolved")
    expect(signed_in.locator("#id_to_operational")).to_be_checked()
    signed_in.click("[name=_save]")
    expect(signed_in.locator(".messagelist")).to_be_visible()

    signed_in.goto(f"{server}/o/acme/admin/")
    expect(signed_in.locator("#content")).not_to_contain_text("Old")


def test_the_buttons_of_a_screen_stand_below_the_header(server: str, signed_in: Page) -> None:
    for screen in ("incidents/incident/", "components/component/", "copies/copytarget/", "pages/statuspage/"):
        signed_in.goto(f"{server}/o/acme/admin/{screen}")
        header, button = (
            signed_in.locator(part).first.bounding_box() for part in ("#header", ".object-tools a")
        )
        assert header
        assert button
        assert button["y"] > header["y"] + header["height"]


def test_axe_finds_nothing_on_the_screens(server: str, signed_in: Page, complaints: list[str]) -> None:
    script = AXE.read_text()
    found = []
    for screen in SCREENS:
        signed_in.goto(f"{server}/o/acme/admin/{screen}")
        signed_in.evaluate(script)
        result = signed_in.evaluate("axe.run({resultTypes: ['violations']})")
        assert len(result["passes"]) > 10
        found += [
            (screen, one["id"], [node["html"][:120] for node in one["nodes"]]) for one in result["violations"]
        ]

    assert found == []
    # axe itself tries out inline styles.
    complaints.clear()
