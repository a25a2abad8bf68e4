"""The admin as a person uses it: a real server, a real browser, and the page that follows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.live import ROOT, Live

pytestmark = [pytest.mark.browser, pytest.mark.process]

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
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


@pytest.fixture
def server(live: Live) -> str:
    """The address of the app host."""
    live.run(_FURNISH)
    return live.serve()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of, such as breaches of the content policy: it fails the test."""
    return []


@pytest.fixture(params=["light", "dark"])
def signed_in(server: str, complaints: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """At the overview."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = chromium.new_page(color_scheme=request.param)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{server}/o/acme/admin/")
        page.fill("[name=login]", "owner@acme.example")
        page.fill("[name=password]", "long enough")
        page.click("[type=submit]")
        assert page.url == f"{server}/o/acme/admin/"
        yield page
        chromium.close()
    assert complaints == []


def test_an_incident_opened_here_is_on_the_page_at_once(server: str, signed_in: Page) -> None:
    signed_in.click("text=Open an incident")
    signed_in.fill("[name=name]", "Everything is slow")
    signed_in.fill("[name=body]", "We are looking for the cause.")
    signed_in.select_option("tr:has-text('API') select", "degraded_performance")
    signed_in.click("text=Open the incident")
    assert "was saved" in signed_in.inner_text(".messagelist")

    status_page = server.replace("localhost", "acme.localhost")
    signed_in.goto(status_page)
    assert "Everything is slow" in signed_in.inner_text("body")


def test_resolving_asks_about_components_only_then(server: str, signed_in: Page) -> None:
    signed_in.click("#content >> text=Old")
    assert not signed_in.is_visible("#id_to_operational")
    signed_in.select_option("#id_status", "resolved")
    assert signed_in.is_checked("#id_to_operational")
    signed_in.click("[name=_save]")

    signed_in.goto(f"{server}/o/acme/admin/")
    assert "No incident is open" in signed_in.inner_text("#content")


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
        result = signed_in.evaluate("axe.run()")
        assert len(result["passes"]) > 10
        found += [
            (screen, one["id"], [node["html"][:120] for node in one["nodes"]]) for one in result["violations"]
        ]

    assert found == []
    # axe itself tries out inline styles.
    complaints.clear()
