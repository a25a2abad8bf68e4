"""From a new organisation to a page that everybody sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from components.actions import create_component
from components.models import Component, ComponentGroup
from dashboard.first_steps import first_steps
from events.models import Event
from importing.asking import IMPORT_PAGE
from importing.models import SILENCE, PageImport
from incidents.actions.incident import open_incident
from incidents.steps import Words
from outbox.drain import drain
from pages.actions import update_page
from pages.models import StatusPage
from pages.own_hosts import add_host
from subscribers.actions import Who, add_confirmed
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.dashboard.conftest import Visitor
from tests.importing.server import serving
from tests.importing.test_remote import small_page

NEW = "/o/acme/new"


@pytest.fixture
def admin(acme: Tenant, visitors: dict[str, Visitor]) -> Visitor:
    return visitors["admin"]


def begun(admin: Visitor, **typed: Any) -> StatusPage:
    answer = admin.send(NEW, "name", **typed)
    assert answer.status_code == 302, answer.content.decode()
    return StatusPage.objects.get(pk=answer["Location"].split("/")[-2])


def test_an_organisation_without_a_page_is_led_from_its_name_to_a_launched_page(admin: Visitor) -> None:
    assert admin.get("/o/acme/")["Location"] == NEW
    asked = admin.fill(NEW, "name")
    assert (asked["name"], asked["slug"], asked["time_zone"]) == ("Acme", "acme", "UTC")

    page = begun(
        admin,
        time_zone="Europe/Berlin",
        examples=["website", "sign-in"],
        components="Core: API\nCore: Jobs\nMail",
    )
    assert (page.slug, page.time_zone, page.published) == ("acme", "Europe/Berlin", False)
    assert page.version == 1
    at = f"/o/acme/p/{page.pk}/"
    shown = admin.see(f"{at}launch")
    places = [shown.index(f">{name}<") for name in ("Website", "Sign-in", "Core", "API", "Jobs", "Mail")]
    assert places == sorted(places)
    assert "/preview/" in shown
    assert f"{at}launch" in admin.see(at)

    assert admin.post(f"{at}launch")["Location"] == at
    assert StatusPage.objects.get().published
    home = admin.see(at)
    assert "First steps" in home
    assert "Nobody sees this page yet" not in home
    assert admin.get(f"{at}launch")["Location"] == at


def test_components_are_taken_as_they_are_typed_each_once(admin: Visitor) -> None:
    begun(admin, slug="", examples=["api"], components=" API \n\nWeb:  Shop\n Web: Shop \nCDN\nNode: a: b")

    found = [
        (one.group.name if one.group else "", one.name) for one in Component.objects.select_related("group")
    ]
    assert found == [("", "API"), ("Web", "Shop"), ("", "CDN"), ("Node", "a: b")]
    assert ComponentGroup.objects.count() == 2
    events = Event.objects.filter(object_type__in=["page", "group", "component"])
    assert {one.version for one in events} == {1}
    assert sorted(one.name for one in events) == [
        *["component.created"] * 4,
        *["group.created"] * 2,
        "page.created",
    ]


WRONG: list[tuple[dict[str, str], str]] = [
    ({"name": ""}, "This field is required"),
    ({"slug": "Not A Slug"}, "lower-case letters, digits and inner hyphens"),
    ({"slug": "www"}, "is reserved"),
    ({"slug": "globex"}, "already in use"),
    ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
    ({"components": "API\nGroup: "}, "has no name after the colon"),
    ({"components": "x" * 256}, "is longer than 255 characters"),
    ({"components": "\n".join(map(str, range(201)))}, "At most 200 components"),
    ({"components": "a\x07b"}, "characters that cannot be shown"),
    ({"examples": "nonsense"}, "nonsense"),
]


def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(admin: Visitor) -> None:
    form = admin.fill(NEW, "name") | {"name": "My Page", "components": "Kept: This"}
    for typed, said in WRONG:
        html = admin.post(NEW, form | typed).content.decode()
        (field,) = typed
        beside = html[html.index(f'name="{field}"') :]
        assert said in beside[: beside.index('class="field"') if 'class="field"' in beside else None], typed
        for kept in ({"name": "My Page", "components": "Kept: This"} | typed).values():
            assert not kept or kept.strip() in html or kept == "nonsense", typed
        assert not StatusPage.objects.exists(), typed


def test_the_first_steps_are_read_off_the_page_and_go_when_all_are_done(
    acme: Tenant, page: StatusPage, visitors: dict[str, Visitor]
) -> None:
    now = timezone.now()

    def left() -> list[str]:
        return [step.address for step in first_steps(page, now) if not step.done]

    update_page(page, ACTOR, published=False)
    page.refresh_from_db()
    assert left() == ["component_new", "launch", "incident_new", "subscriber_new", "hosts"]
    assert all(step.address for step in first_steps(page, now))
    assert "First steps" in visitors["admin"].see(f"/o/acme/p/{page.pk}/")
    assert "First steps" not in visitors["editor"].see(f"/o/acme/p/{page.pk}/")
    assert first_steps(page, now + timedelta(days=31)) == []

    create_component(page, ACTOR, name="API")
    assert left() == ["launch", "incident_new", "subscriber_new", "hosts"]
    page = update_page(page, ACTOR, published=True)
    open_incident(page, ACTOR, Words("resolved", "Only a test."), name="Test")
    assert left() == ["subscriber_new", "hosts"]
    add_confirmed(page, Who("ada@example.org"), ACTOR, "Asked.")
    add_host(page, ACTOR, "status.example.org")
    assert first_steps(page, now) == []
    assert "First steps" not in visitors["admin"].see(f"/o/acme/p/{page.pk}/")


def test_an_organisation_may_have_several_pages(page: StatusPage, visitors: dict[str, Visitor]) -> None:
    assert f'href="{NEW}"' in visitors["admin"].see("/o/acme/?all")
    assert f'href="{NEW}"' not in visitors["editor"].see("/o/acme/?all")
    asked = visitors["admin"].fill(NEW, "name")
    assert (asked["name"], asked["slug"]) == ("", "")
    begun(visitors["admin"], name="Second Page")
    assert StatusPage.objects.get(slug="second-page").name == "Second Page"


def test_without_a_page_those_who_may_not_make_one_are_told_so(
    acme: Tenant, visitors: dict[str, Visitor]
) -> None:
    assert "An administrator makes it" in visitors["editor"].see("/o/acme/")


def test_a_page_is_brought_over_while_one_watches_and_is_launched_then(admin: Visitor, settings: Any) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    assert "/o/acme/new/import" in admin.see(NEW)
    with serving(small_page()) as url:
        at = admin.send(f"{NEW}/import", "url", url=url, slug="hub")["Location"]
        assert "Waiting for its turn" in admin.see(at)
        part = admin.get(at, HTTP_HX_REQUEST="true").content.decode()
        assert "hx-get" in part
        assert "<html" not in part
        drain([IMPORT_PAGE])

    done = admin.get(at, HTTP_HX_REQUEST="true").content.decode()
    page = StatusPage.objects.get()
    assert f"/o/acme/p/{page.pk}/launch" in done
    assert "hx-get" not in done
    assert "API Requests" in admin.see(f"/o/acme/p/{page.pk}/launch")


def test_an_import_that_fails_says_why_and_keeps_what_was_typed(admin: Visitor) -> None:
    refused = admin.send(f"{NEW}/import", "url", url="http://127.0.0.1/", slug="hub").content.decode()
    assert "cannot be reached from here" in refused
    assert 'value="http://127.0.0.1/"' in refused
    assert 'value="hub"' in refused

    at = admin.send(f"{NEW}/import", "url", url="status.example.com", slug="hub")["Location"]
    PageImport.objects.update(
        failure="https://status.example.com: is not there (404)", ended_at=timezone.now()
    )
    assert "is not there (404)" in admin.see(at)
    again = admin.fill(f"{NEW}/import?url=https%3A%2F%2Fstatus.example.com&slug=hub", "url")
    assert (again["url"], again["slug"]) == ("https://status.example.com", "hub")
    assert "?url=https%3A%2F%2Fstatus.example.com&amp;slug=hub" in admin.see(at)

    PageImport.objects.update(ended_at=None, created_at=timezone.now() - SILENCE)
    assert "The import has stopped" in admin.see(at)
