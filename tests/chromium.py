"""A real browser for tests that click."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from tests.clocks import Stopwatch

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
# Seconds of a quiet machine: sooner than anything is asked for again.
SOON = 15.0
# Milliseconds until a browser that waits for something gives up, where nothing else is said.
PATIENCE = 90_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
State = Literal["attached", "detached", "visible"]
expect.set_options(timeout=PATIENCE)


def soon(shown: Locator, state: State = "visible") -> None:
    """Wait for it; by itself it must come before the page would ask again."""
    watch = Stopwatch()
    shown.wait_for(state=state)
    assert watch.seconds < SOON


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Where there is none the tests say so loudly, and with CI set they fail."""
    if not CHROMIUM.exists():
        reason = f"NO BROWSER: {CHROMIUM} is missing (set CHROMIUM), so nobody has looked at the page."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        chromium.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield chromium
        chromium.close()
