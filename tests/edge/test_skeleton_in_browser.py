"""A page that is on its way completes itself in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from store import HostEntry, Store
from tests.edge.test_alone import serving
from tests.store.builders import ACME, publish

pytestmark = [pytest.mark.browser, pytest.mark.process]

HOST = "acme.localhost"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store", None)
    store.put_hosts(1, {HOST: HostEntry(ACME, HOST, "slug", True)})
    return store


@pytest.fixture
def address(store: Store, tmp_path: Path) -> Iterator[str]:
    with serving(STORE_DIR=str(tmp_path / "store")) as port:
        yield f"http://{HOST}:{port}"


@pytest.mark.parametrize("script", [True, False])
def test_a_page_appears_by_itself_once_it_is_published(
    browser: Browser, store: Store, address: str, script: bool
) -> None:
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Chromium itself notes the 503, and that there is no icon.
        if message.type == "error" and not message.text.startswith("Failed to load"):
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    assert page.goto(f"{address}/history").status == 503  # type: ignore[union-attr]
    assert page.get_by_role("heading").inner_text() == "This page is on its way"
    publish(store, 1)
    page.get_by_text(f"{ACME} /history at 1").first.wait_for()
    assert problems == []
    context.close()
