"""What comes to a page from elsewhere, and what is taken away of it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from common.tenancy import in_tenant
from events.models import Event
from importing.asking import IMPORT_PAGE
from importing.models import PageImport
from outbox.drain import drain, drain_lanes
from outbox.registry import Lane
from pages.actions import update_page
from subscribers.actions import Who, add_confirmed
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor
from tests.importing.server import serving
from tests.importing.test_remote import small_page
from tests.proven import proven


@pytest.fixture
def admin(visitors: dict[str, Visitor]) -> Visitor:
    return visitors["admin"]


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.home}settings/data/"


def unzipped(answer: Any) -> dict[str, str]:
    async def collected() -> bytes:
        return b"".join([part async for part in answer])

    file = zipfile.ZipFile(io.BytesIO(async_to_sync(collected)()))
    return {name: file.read(name).decode(errors="replace") for name in file.namelist()}


def test_a_page_is_brought_to_one_that_is_there(
    admin: Visitor, acme: Tenant, place: Place, at: str, settings: Any
) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    assert "Nothing was saved yet" in admin.send(at, "url", url="nonsense").content.decode()
    with serving(small_page()) as url:
        shown = admin.send(at, "url", url=url)["Location"]
        assert "Waiting for its turn" in admin.see(shown)
        assert shown in admin.see(at)
        assert 'hx-get="' in admin.get(shown, HTTP_HX_REQUEST="true").content.decode()
        with in_tenant(acme.id):
            drain([IMPORT_PAGE])
    assert "It is here." in admin.see(shown)
    with in_tenant(acme.id):
        assert place.page.incidents.count() > 50
        # Those of other pages are not looked at from here.
        PageImport.objects.update(into_id="0" * 12)
    assert admin.get(shown).status_code == 404


def test_what_failed_is_asked_for_again_as_it_was(admin: Visitor, acme: Tenant, at: str) -> None:
    shown = admin.send(at, "url", url="status.example.com")["Location"]
    with in_tenant(acme.id):
        PageImport.objects.update(failure="It is private.", ended_at="2026-01-01T00:00Z")
    assert "It is private." in admin.see(shown)
    again = f"{at}?url=https%3A%2F%2Fstatus.example.com"
    assert again in admin.see(shown)
    assert admin.fill(again, "url")["url"] == "https://status.example.com"


def test_everything_is_taken_away_and_the_log_says_by_whom(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    add_confirmed(place.page, Who("ada@example.org"), ACTOR, "Asked.")
    answer = proven(admin).post(f"{at}export")
    assert answer["Content-Disposition"] == 'attachment; filename="acme.zip"'
    files = unzipped(answer)
    assert "Slow answers" in files["incidents/incident.jsonl"]
    assert "ada@example.org" in files["subscribers/subscriber.jsonl"]
    with in_tenant(acme.id):
        assert Event.objects.get(name="page.exported").page_id == place.page.pk


def test_what_visitors_see_is_taken_away_as_files(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    with in_tenant(acme.id):
        drain_lanes(Lane.PUBLISH)
    files = unzipped(admin.get(f"{at}site"))
    assert "Slow answers" in files["index.html"]
    assert {"copy.json", "api/v2/summary.json", "history/index.html"} <= set(files)
    update_page(place.page, ACTOR, published=False)
    with in_tenant(acme.id):
        drain_lanes(Lane.PUBLISH)
    assert "The page is not launched" in admin.see(f"{at}site")
