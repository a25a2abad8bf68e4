"""The dashboard in a real browser: by keys alone, in both themes and three widths, and judged by axe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, Route
from playwright.sync_api import Error as PlaywrightError

from tests.live import ROOT, Live

pytestmark = [pytest.mark.browser, pytest.mark.process]

AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
_FURNISH = """
from components.actions import create_component, create_group
from events.actor import SYSTEM, Actor, ActorKind
from incidents.actions.draft import keep_draft
from incidents.actions.incident import open_incident, post_update
from incidents.actions.postmortem import write_postmortem
from incidents.actions.template import create_template
from incidents.drafts import Written
from incidents.steps import Words
from pages.actions import create_page
from tenants.actions import set_role
from tenants.models import Role, User
person = User.objects.create_user("owner@acme.example", "long enough")
set_role(person, acme, Role.OWNER, SYSTEM)
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme", time_zone="Europe/Berlin")
    group = create_group(page, SYSTEM, name="Core")
    ids = [create_component(page, SYSTEM, name=name, group=group).pk for name in ("API", "Website", "Mail")]
    words = Words("identified", "Hm.", "`x`", {ids[1]: "partial_outage"})
    incident = open_incident(page, SYSTEM, words, name="Old")
    post_update(page, incident, SYSTEM, Words("monitoring", "Better."))
    over = open_incident(page, SYSTEM, Words("resolved", "Over."), name="Older")
    write_postmortem(page, over, SYSTEM, "Because.")
    keep_draft(page, Actor(ActorKind.USER, person.pk), Written(Words("identified", "Soon."), name="Draft"))
    create_template(page, SYSTEM, name="Slowness", title="Slow {{ what }}", body="Hm.")
    answer([page.pk, incident.pk, incident.updates.first().pk, over.pk])
"""
# One of everything on that page; all addresses.
_EVERYTHING = """
from components.models import Component
from pages.models import StatusPage
from tenants.actions import set_role
from tenants.models import Role, User
from events.actor import SYSTEM
from tests.dashboard.conftest import Place
from tests.dashboard.test_permissions import MATRIX, address, parts_of
set_role(User.objects.create_user("viewer@acme.example"), acme, Role.VIEWER, SYSTEM)
with in_tenant(acme.id):
    page, (api, website, *_) = StatusPage.objects.get(), Component.objects.order_by("position")
    incident = page.incidents.incidents().unresolved().earliest("started_at")
    incident.updates.exclude(pk=incident.updates.first().pk).delete()
    parts = parts_of(Place(page, api, website, incident))
    answer([address(name, page.pk, parts) for name in MATRIX])
"""
# What stands around one organisation.
ACCOUNT = ["/o/?all", "/o/new", "/accounts/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/"]
ACCOUNT += ["/accounts/password/change/", "/dev/components"]
# What is well is only counted.
_JUDGE = "axe.run({resultTypes: ['violations']})"
WIDTHS = (320, 768, 1440)


@pytest.fixture(scope="module")
def live_service(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with Live.start("tests_template", tmp_path_factory.mktemp("dashboard")) as live:
        yield live


@pytest.fixture(scope="module")
def started(live_service: Live) -> tuple[str, list[str]]:
    """The address of the app host, and the ids of page, incident, update and resolved incident."""
    ids = live_service.run(_FURNISH)
    return live_service.serve(), ids


@pytest.fixture(scope="module")
def cookies(started: tuple[str, list[str]], browser: Browser) -> list[dict[str, object]]:
    """Of somebody who has signed in."""
    app, _ids = started
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{app}/o/acme/")
        page.fill("[name=login]", "owner@acme.example")
        page.fill("[name=password]", "long enough")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{app}/o/acme/p/*/")
        return list(context.cookies())  # type: ignore[arg-type]


@pytest.fixture
def page(browser: Browser, cookies: list[dict[str, object]]) -> Iterator[Page]:
    """Signed in; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert [one for one in complaints if "inline style" not in one] == []


def screens(ids: list[str]) -> list[str]:
    page_id, incident, update, over = ids
    home = f"/o/acme/p/{page_id}/"
    shown = f"{home}incidents/{incident}/"
    return [
        home,
        f"{home}incidents/",
        f"{home}incidents/?state=drafts",
        f"{home}incidents/?q=nothing",
        f"{home}incidents/new",
        f"{home}incidents/past",
        shown,
        f"{shown}edit",
        f"{shown}delete",
        f"{shown}updates/{update}",
        f"{home}incidents/{over}/",
        f"{home}incidents/{over}/postmortem",
    ]


def judged(page: Page, how: str, options: str) -> list[object]:
    """What axe finds in what the screen is about; the frame around it is every screen's."""
    result = page.evaluate(f"axe.run(document.querySelector('main') || document, {options})")
    assert result["passes"]
    return [
        (page.url, how, one["id"], [node["html"][:150] for node in one["nodes"]])
        for one in result["violations"]
    ]


def is_screen(page: Page, url: str) -> bool:
    """A whole document, which not every address answers with."""
    answer = page.request.get(url, max_redirects=0)
    return answer.status == 200 and b"<html" in answer.body()


def test_axe_finds_nothing_on_any_screen_and_nothing_is_cut_off(
    started: tuple[str, list[str]], live_service: Live, page: Page
) -> None:
    app, ids = started
    found: list[object] = []
    everything = [one for one in live_service.run(_EVERYTHING) if is_screen(page, f"{app}{one}")]
    assert len(everything) > 50
    for screen in dict.fromkeys([*screens(ids), *everything, *ACCOUNT]):
        page.set_viewport_size({"width": WIDTHS[-1], "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(f"{app}{screen}")
        page.evaluate(AXE)
        found += judged(page, "light, wide", "{resultTypes: ['violations']}")
        for width in reversed(WIDTHS):
            page.set_viewport_size({"width": width, "height": 900})
            too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [(screen, width, "too wide", too_wide)] if too_wide > 0 else []
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += judged(page, "dark, narrow", "{runOnly: ['color-contrast', 'target-size']}")

    assert found == []


def test_open_layers_are_well_for_axe_too(started: tuple[str, list[str]], page: Page) -> None:
    app, ids = started
    page.goto(f"{app}{screens(ids)[0]}")
    page.evaluate(AXE)
    found = []
    for key in ("/", "?"):
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        found += [(key, one["id"]) for one in page.evaluate(_JUDGE)["violations"]]
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")

    assert found == []


def test_an_incident_is_opened_and_resolved_by_keys_alone(started: tuple[str, list[str]], page: Page) -> None:
    app, ids = started
    page.goto(f"{app}/o/acme/p/{ids[0]}/")
    page.keyboard.press("n")
    page.wait_for_url("**/incidents/new")
    page.wait_for_selector("[name=name]:focus")
    page.keyboard.type("By keys")
    row = '[aria-label="API"] input'
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches('{row}')"):
            break
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("d")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Visitors see it now")
    said = page.locator("aside li", has_text="API").inner_text()
    assert "Major outage" in said

    # Backwards out of the form, over the timeline, to the list and into it again.
    to_the_list(page)
    page.keyboard.press("j")
    page.wait_for_selector("main :is(a.whole, td.main a):focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('By keys')")
    page.focus("[name=status]:checked")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=The incident is resolved")


def to_the_list(page: Page) -> None:
    """g waits a second and a half for i, which may take a busy machine longer."""
    for _ in range(5):
        page.keyboard.press("g")
        page.keyboard.press("i")
        with suppress(PlaywrightError):
            page.wait_for_url("**/incidents/", timeout=15_000)
            return
    page.wait_for_url("**/incidents/")


def test_a_key_that_is_pressed_before_the_scripts_are_there_counts(
    started: tuple[str, list[str]], page: Page
) -> None:
    app, ids = started
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/dashboard/keys*.js", hold, times=1)
    page.goto(f"{app}/o/acme/p/{ids[0]}/", wait_until="commit")
    page.get_by_role("link", name="Open an incident").first.wait_for()
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.press("n")
    held[0].continue_()
    page.wait_for_url("**/incidents/new")


def test_the_palette_finds_an_incident(started: tuple[str, list[str]], page: Page) -> None:
    app, ids = started
    page.goto(f"{app}/o/acme/p/{ids[0]}/")
    page.keyboard.press("/")
    page.wait_for_selector("dialog[open] input:focus")
    page.keyboard.type("older")
    # What was found by the first letters alone may have come before.
    page.wait_for_selector("#found [role=option][aria-selected=true]:has-text('Older')")
    page.keyboard.press("Enter")

    page.wait_for_selector("h1:has-text('Older')")


def test_single_keys_can_be_switched_off(started: tuple[str, list[str]], page: Page) -> None:
    app, ids = started
    page.goto(f"{app}/o/acme/p/{ids[0]}/")
    page.keyboard.press("?")
    page.get_by_label("No single keys in this browser").check()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.keyboard.press("/")

    assert page.locator("dialog[open]").count() == 0


def test_the_preview_follows_what_is_typed(started: tuple[str, list[str]], page: Page) -> None:
    app, ids = started
    page.goto(f"{app}/o/acme/p/{ids[0]}/incidents/new")
    page.fill("[name=body]", "It is **bad**.")
    page.locator("#preview strong", has_text="bad").wait_for()
    page.locator('[aria-label="API"]').get_by_title("Major outage").click()
    page.locator("#preview", has_text="Impact: Critical").wait_for()


def test_the_theme_is_the_systems_until_one_is_chosen(started: tuple[str, list[str]], page: Page) -> None:
    app, ids = started
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    page.emulate_media(color_scheme="dark")
    page.goto(f"{app}/o/acme/p/{ids[0]}/")
    dark = page.evaluate(ground)
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Light").click()
    light = page.evaluate(ground)
    page.reload()

    assert light != dark
    assert page.evaluate(ground) == light
