"""Held messages in an organisation's admin: whoever may speak on the page tells them at once, or nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from events.models import Event
from outbox.models import OutboxItem
from pages.change import NOTIFY
from pages.models import StatusPage
from tenants.models import Tenant
from tests.admin.browser import Browser
from tests.mailing import opened

NOTIFICATIONS = "/o/acme/admin/notifications/notification/"


@pytest.fixture
def event(page: StatusPage) -> int:
    opened(page, name="Held incident", notify_at=timezone.now() + timedelta(minutes=5))
    return Event.objects.get(name="incident.created", page_id=page.pk).pk


def row(event: int) -> OutboxItem | None:
    return OutboxItem.objects.filter(topic=NOTIFY, key=str(event), due_at__gt=timezone.now()).first()


def press(browser: Browser, button: str, event: int) -> str:
    return browser.post(NOTIFICATIONS, {"held": button, "event": str(event)}, follow=True).content.decode()


@pytest.mark.parametrize(("button", "left"), [("tell", 1), ("undo", 0)])
def test_an_editor_decides(browsers: dict[str, Browser], event: int, button: str, left: int) -> None:
    editor = browsers["editor"]
    assert "Held incident" in editor.get(NOTIFICATIONS).content.decode()
    html = press(editor, button, event)
    assert "Done." in html
    assert "Held incident" not in html
    assert row(event) is None
    assert OutboxItem.objects.filter(topic=NOTIFY, key=str(event)).count() == left
    assert "too late" in press(editor, button, event)


def test_a_viewer_neither_sees_nor_changes_it(browsers: dict[str, Browser], event: int) -> None:
    viewer = browsers["viewer"]
    assert "Held incident" not in viewer.get(NOTIFICATIONS).content.decode()
    assert viewer.post(NOTIFICATIONS, {"held": "undo", "event": str(event)}).status_code == 403
    assert row(event)


def test_nobody_decides_for_another_organisation(
    browsers: dict[str, Browser], page: StatusPage, globex: Tenant
) -> None:
    with in_tenant(globex.pk):
        opened(StatusPage.objects.get(), notify_at=timezone.now() + timedelta(minutes=5))
        theirs = Event.objects.filter(name="incident.created").latest("pk").pk
    assert "too late" in press(browsers["owner"], "undo", theirs)
    assert row(theirs)
