"""What sites have from Statuspage goes on working, in a browser and from another origin."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from incidents.actions.incident import open_incident, resolve
from incidents.steps import Words
from pages.models import StatusPage
from tests.chromium import soon
from tests.clocks import Stopwatch
from tests.conftest import ACTOR
from tests.publishing.published import drain_publishing
from tests.publishing.test_clients import installed, served
from tests.publishing.test_widget_in_browser import elsewhere

__all__ = ["installed", "served"]
pytestmark = [pytest.mark.browser, pytest.mark.process]

# As `se-v2.js` asks: XMLHttpRequest to the page's id as a label of the host, without any header of its own.
CALLS = """async ([id, host]) => {
  const ask = (path) => new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("GET", `http://${id}.${host}/api/v2/${path}.json`, true);
    request.onload = () => done([request.status, JSON.parse(request.responseText)]);
    request.onerror = () => failed(new Error(path));
    request.send();
  });
  const answers = {};
  for (const path of ["summary", "status", "components", "incidents", "incidents/unresolved",
      "incidents/resolved", "scheduled-maintenances", "scheduled-maintenances/active",
      "scheduled-maintenances/upcoming"]) {
    answers[path] = await ask(path);
  }
  return answers;
}"""


@pytest.fixture(autouse=True)
def beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright keeps a loop in this thread, which Django would take for a view's."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def visiting(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address)
    return page


def until_told(address: str, words: str) -> None:
    """The edge looks at its disk once a second."""
    watch = Stopwatch()
    while words not in urllib.request.urlopen(address).read().decode():  # noqa: S310 our own server
        assert watch.seconds < 10, f"{address} never said {words}"
        time.sleep(0.1)


def test_the_calls_of_its_library_are_answered(browser: Browser, served: str, page: StatusPage) -> None:
    over = open_incident(page, ACTOR, Words("investigating", "Looking."), name="Over")
    resolve(page, over, ACTOR)
    drain_publishing()
    until_told(f"{served}/api/v2/incidents.json", "Over")
    with elsewhere("Somewhere") as address:
        visitor = visiting(browser, address)
        answers: dict[str, Any] = visitor.evaluate(CALLS, [page.pk, f"localhost:{served.rpartition(':')[2]}"])
        visitor.close()

    assert {status for status, _ in answers.values()} == {200}
    found = {path: body for path, (_, body) in answers.items()}
    assert {body["page"]["id"] for body in found.values()} == {page.pk}
    assert found["summary"]["status"] == found["status"]["status"]
    assert [one["name"] for one in found["incidents/unresolved"]["incidents"]] == ["Slow answers"]
    assert [one["name"] for one in found["incidents/resolved"]["incidents"]] == ["Over"]
    upcoming = found["scheduled-maintenances/upcoming"]["scheduled_maintenances"]
    assert [one["name"] for one in upcoming] == ["New machines"]


def test_its_web_component_shows_our_page(browser: Browser, installed: Path, served: str) -> None:
    dist = installed / "node_modules" / "@statuspage" / "status-widget" / "dist" / "index.js"
    with elsewhere(f"<statuspage-widget src={json.dumps(served)}></statuspage-widget>") as address:
        visitor = visiting(browser, address)
        visitor.add_script_tag(content=dist.read_text())
        soon(visitor.locator("statuspage-widget").get_by_text("Partial System Outage"))
        visitor.close()
