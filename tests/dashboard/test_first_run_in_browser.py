"""From the sign-in of a new organisation's owner to a launched page, in a real browser, judged by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.test_in_browser import AXE, WIDTHS
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.process]

_FURNISH = """
from django.utils import timezone
from events.actor import SYSTEM
from importing.models import PageImport
from tenants.actions import set_role
from tenants.models import Role, User
person = User.objects.create_user("owner@acme.example", "long enough")
set_role(person, acme, Role.OWNER, SYSTEM)
now = timezone.now()
own = {"url": "https://status.example.com", "user_id": person.pk, "created_at": now, "seen_at": now}
with in_tenant(acme.id):
    at_work = PageImport.objects.create(**own, phase="incidents", done=40, total=800)
    failed = PageImport.objects.create(**own, ended_at=now, failure="It is private.")
    answer([at_work.pk, failed.pk])
"""
_END = """
from django.utils import timezone
from importing.models import PageImport
with in_tenant(acme.id):
    PageImport.objects.filter(ended_at=None).update(failure="It went away.", ended_at=timezone.now())
answer(None)
"""


@pytest.fixture
def started(live: Live) -> tuple[str, list[str]]:
    """The address of the app host, and the ids of an import that is at work and of one that failed."""
    ids = live.run(_FURNISH)
    return live.serve(), ids


def judged(page: Page) -> list[object]:
    """What axe finds in both themes, and what is cut off at three widths."""
    found: list[object] = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        # Colours glide from one theme to the other.
        page.reload()
        page.evaluate(AXE)
        # It judges the widest in light, the narrowest in dark.
        for width in WIDTHS if theme == "light" else reversed(WIDTHS):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((page.url, width, "too wide"))
        result = page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            (page.url, theme, one["id"], [n["html"][:90] for n in one["nodes"]][:2])
            for one in result["violations"]
        ]
    return found


def test_a_new_organisation_reaches_a_launched_page(
    started: tuple[str, list[str]], browser: Browser, live: Live
) -> None:
    app, imports = started
    with browser.new_context(timezone_id="Europe/Berlin") as context:
        page = context.new_page()
        page.goto(f"{app}/o/acme/")
        page.fill("[name=login]", "owner@acme.example")
        page.fill("[name=password]", "long enough")
        page.keyboard.press("Enter")
        page.wait_for_url("**/o/acme/new")
        assert page.input_value("[name=time_zone]") == "Europe/Berlin"
        found = judged(page)
        page.fill("[name=name]", "Ünder Way, Inc.")
        assert page.input_value("[name=slug]") == "under-way-inc"
        page.get_by_label("Website").check()
        page.fill("[name=components]", "Core: API\nCore: Jobs")
        page.click("text=Go on to the preview")
        page.wait_for_url("**/launch")
        found += judged(page)
        page.click("main button:has-text('Launch the page')")
        page.wait_for_selector("text=First steps")
        found += judged(page)
        for screen in ("new/import", *(f"new/import/{one}" for one in imports)):
            page.goto(f"{app}/o/acme/{screen}")
            found += judged(page)
        page.goto(f"{app}/o/acme/new/import/{imports[0]}")
        page.wait_for_selector("text=40 / 800")
        live.run(_END)
        page.wait_for_selector("text=It went away.")

    assert found == []
