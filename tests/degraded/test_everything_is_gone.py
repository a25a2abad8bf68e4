"""Edges that are started anew while nothing else is there, and pages that were left open all the while."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.pace import pace
from tests.clocks import Stopwatch
from tests.degraded.installation import HOST, Installation
from tests.degraded.visitors import Operator, Visitor

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.timeout(180)]

ADD = "/o/acme/admin/incidents/incident/add/"
EDGES = ("edge", "mirror")
OTHERS = ("web", "worker", "ticker", "valkey", "postgres")


def left_open(browser: Browser, port: int) -> Page:
    page = browser.new_page()
    page.goto(f"http://{HOST}:{port}/")
    page.evaluate("window.notReloaded = true")
    return page


def test_a_crowd_notices_nothing_while_all_else_is_killed(installation: Installation) -> None:
    """How many, and how quickly, `python -m benchmarks spike` measures."""
    with ThreadPoolExecutor() as pool:
        watch = Stopwatch()
        crowd = pool.submit(
            lambda: asyncio.run(pace(installation.ports["mirror"], HOST, rate=200, seconds=4))
        )
        for name in OTHERS:
            time.sleep(0.5)
            installation.kill(name)
        paced = crowd.result()
        # Where others kept the machine busy, all took longer.
        stretched = watch.passed / watch.seconds
    installation.start(*reversed(OTHERS))
    installation.until_healthy()

    assert paced.failures == []
    assert len(paced.waits) == 800
    assert paced.within(0.5) < 0.05 * stretched
    assert paced.within(0.99) < 1.0 * stretched


def test_edges_come_up_alone_and_open_pages_follow_when_all_is_back(
    installation: Installation, browser: Browser
) -> None:
    ports = installation.ports
    manifest = installation.manifest()
    pages = {name: left_open(browser, ports[name]) for name in EDGES}
    installation.kill(*OTHERS)
    installation.kill(*EDGES)

    installation.start(*EDGES)
    for name in EDGES:
        with Visitor(ports[name]) as visitor:
            visitor.check_everything(manifest)
            assert visitor.ask("/subscriptions/new").status == 503
            assert visitor.submit("/subscriptions/new-email", email="a@example.org").status == 503

    installation.start(*reversed(OTHERS))
    installation.until_healthy()
    Operator(ports["web"]).send(ADD, name="After everything", body="We look into it.")
    for name, page in pages.items():
        page.locator("article", has_text="After everything").first.wait_for()
        assert page.evaluate("window.notReloaded"), name
        page.close()
