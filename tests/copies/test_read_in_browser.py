"""Who reads a copy can tell that it is one, and how old."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from copies.names import CONFIRMED
from pages.models import StatusPage
from tests.copies.copied import drain_copies
from tests.copies.places import Folder
from tests.copies.serving import ask, nginx
from tests.edge.open_pages import pass_until
from tests.publishing.published import drain_publishing

pytestmark = [pytest.mark.process, pytest.mark.browser]


@pytest.fixture(autouse=True)
def beside_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's loop runs in this thread, and Django takes it for its own."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def copy(page: StatusPage, folder: Folder) -> Path:
    drain_publishing()
    target = folder.add(page)
    drain_copies()
    return folder.path(target)


def test_an_old_copy_says_when_it_was_last_current(copy: Path, browser: Browser, tmp_path: Path) -> None:
    told = json.loads((copy / CONFIRMED).read_text())
    at = (timezone.now() - timedelta(hours=3)).isoformat(timespec="seconds")
    (copy / CONFIRMED).write_text(json.dumps(told | {"at": at}))
    with nginx(copy, tmp_path / "nginx") as port, browser.new_context() as context:
        visitor = context.new_page()
        visitor.clock.install()
        visitor.goto(f"http://127.0.0.1:{port}/")
        notice = visitor.locator("#notice")
        pass_until(visitor, notice.is_visible)

        assert "This page may be out of date. Last confirmed:" in (notice.text_content() or "")
        found = visitor.locator("#notice time").get_attribute("datetime") or ""
        assert found[:16] == at[:16]


def test_without_script_a_copy_says_when_it_last_changed(copy: Path, tmp_path: Path) -> None:
    with nginx(copy, tmp_path / "nginx") as port:
        html = ask(port, "/").body.decode()

    assert "Last change <time datetime=" in html
