"""A real browser for tests that click."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
# Milliseconds: sooner than anything is asked for again, and enough for a machine with much to do.
SOON = 15_000
# Milliseconds until a browser that waits for something gives up, where nothing else is said.
PATIENCE = 90_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
expect.set_options(timeout=PATIENCE)


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
