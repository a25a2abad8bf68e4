"""Pages, components and subscribers in the admin."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from common.tenancy import in_tenant
from components.actions import create_component, update_component
from components.models import Component, ComponentGroup, Statement
from components.status import current
from events.models import Event
from incidents.models import Incident
from pages.actions import update_page
from pages.models import Asset, StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.models import Subscriber
from tenants.models import Domain, Tenant
from tests.admin.browser import Browser
from tests.conftest import ACTOR
from tests.proven import proven

ADMIN = "/o/acme/admin"


def png(width: int = 20, height: int = 10) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "PNG")
    return out.getvalue()


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def settings_of(page: StatusPage) -> str:
    return f"{ADMIN}/pages/statuspage/{page.pk}/change/"


def test_a_page_is_made(acme: Tenant, browsers: dict[str, Browser]) -> None:
    given = {"name": "Shop", "slug": "shop", "time_zone": "Asia/Tokyo"}
    browsers["admin"].send(f"{ADMIN}/pages/statuspage/add/", **given)

    with in_tenant(acme.id):
        page = StatusPage.objects.get()
        assert (page.name, page.time_zone, page.version) == ("Shop", "Asia/Tokyo", 1)
        assert not page.published
    assert Domain.objects.get(host="shop.localhost").page_id == page.pk


def test_a_new_page_is_in_the_zone_of_the_others_and_launched_only_when_asked(
    acme: Tenant, browsers: dict[str, Browser]
) -> None:
    add = f"{ADMIN}/pages/statuspage/add/"
    assert browsers["admin"].shown(add)["time_zone"] == "UTC"
    browsers["admin"].send(add, name="Shop", slug="shop", time_zone="Asia/Tokyo", published="on")
    with in_tenant(acme.id):
        assert StatusPage.objects.get().published

    shown = browsers["admin"].shown(add)
    assert shown["time_zone"] == "Asia/Tokyo"
    assert "published" not in shown


def test_what_is_not_launched_is_looked_at_in_its_preview(
    acme: Tenant, page: StatusPage, editor: Browser, browsers: dict[str, Browser]
) -> None:
    browser = proven(browsers["admin"])
    assert "/preview/" not in browser.get(settings_of(page)).content.decode()
    data = browser.shown(settings_of(page))
    del data["published"]
    browser.post(settings_of(page), data)
    shown = browser.get(settings_of(page)).content.decode()
    # Once in what was said of the saving, once at the top of the form.
    previews = re.findall(r'href="http://localhost:8000(/preview/[^"]+)"', shown)
    assert len(previews) == 2
    assert "View on the page" not in shown
    assert "Acme" in browsers["anonymous"].get(previews[0]).content.decode()

    editor.send(f"{ADMIN}/incidents/incident/add/", name="Slow", status="investigating")
    with in_tenant(acme.id):
        incident = Incident.objects.get()
    shown = editor.get(f"{ADMIN}/incidents/incident/{incident.pk}/change/").content.decode()
    [*_, link] = re.findall(r'href="http://localhost:8000(/preview/[^"]+)"', shown)
    assert link.endswith(f"/incidents/{incident.pk}")
    assert "Slow" in browsers["anonymous"].get(link).content.decode()


COLOURS = [
    # What the page has, what is sent beside what was shown, what it has then.
    ("", {}, ""),
    ("#1f6feb", {}, "#1f6feb"),
    ("", {"accent": "#1F6FEB"}, "#1f6feb"),
    ("#1f6feb", {"accent-none": "on"}, ""),
    ("#1f6feb", {"accent": "#ff0000"}, "#ff0000"),
    ("", {"accent-none": None}, "#0b5cad"),
]


@pytest.mark.parametrize(("before", "sent", "after"), COLOURS)
def test_a_colour_is_picked_kept_or_left_to_the_standard(
    acme: Tenant,
    page: StatusPage,
    browsers: dict[str, Browser],
    before: str,
    sent: dict[str, str | None],
    after: str,
) -> None:
    with in_tenant(acme.id):
        update_page(page, ACTOR, accent=before)
    browser = browsers["admin"]
    data = browser.shown(settings_of(page)) | sent
    browser.post(settings_of(page), {name: value for name, value in data.items() if value is not None})

    with in_tenant(acme.id):
        page.refresh_from_db()
        assert page.accent == after


def test_the_overview_says_in_words_how_a_page_is_and_when(page: StatusPage, editor: Browser) -> None:
    shown = editor.get(f"{ADMIN}/").content.decode()

    assert '<span class="badge badge-none">Operational</span>' in shown
    assert "Times are in Europe/Berlin" in shown
    assert "Times are in Europe/Berlin" in editor.get(f"{ADMIN}/events/event/").content.decode()


def test_what_maintenance_counts_is_left_to_the_page_in_plain_words(
    component: Component, editor: Browser
) -> None:
    shown = editor.get(f"{ADMIN}/components/component/{component.pk}/change/").content.decode()

    assert '<option value="unknown" selected>As on the page</option>' in shown
    # Django's own pickers, which compare clocks.
    assert "DateTimeShortcuts" not in shown


@pytest.mark.parametrize("slug", ["globex", "www", "Not A Slug"])
def test_a_name_that_is_taken_or_reserved_is_refused_at_its_field(
    acme: Tenant, browsers: dict[str, Browser], slug: str
) -> None:
    given = {"name": "Shop", "slug": slug, "time_zone": "UTC"}
    answer = browsers["admin"].send(f"{ADMIN}/pages/statuspage/add/", **given)

    assert answer.context["adminform"].form.errors["slug"]  # type: ignore[index]
    with in_tenant(acme.id):
        assert not StatusPage.objects.exists()


def test_settings_are_changed(acme: Tenant, page: StatusPage, browsers: dict[str, Browser]) -> None:
    browsers["admin"].send(settings_of(page), description="All of it.", accent="#1f6feb", uptime_days="30")

    with in_tenant(acme.id):
        page.refresh_from_db()
        assert (page.description, page.accent, page.uptime_days) == ("All of it.", "#1f6feb", 30)
        assert Event.objects.filter(name="page.updated").count() == 1


def test_a_logo_is_uploaded_shown_and_removed(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser]
) -> None:
    browser = browsers["admin"]
    browser.send(settings_of(page), logo_light=upload(png(1600, 400)))
    with in_tenant(acme.id):
        page.refresh_from_db()
        assert page.logo_light is not None
        assert Image.open(io.BytesIO(bytes(page.logo_light.content))).size == (800, 200)
    assert "data:image/png;base64," in browser.get(settings_of(page)).content.decode()
    # Saving something else keeps it.
    browser.send(settings_of(page), description="Same logo.")
    with in_tenant(acme.id):
        page.refresh_from_db()
        assert page.logo_light is not None
    browser.send(settings_of(page), **{"logo_light-clear": "on"})

    with in_tenant(acme.id):
        page.refresh_from_db()
        assert page.logo_light is None


def test_a_file_that_is_no_image_is_refused_at_its_field(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser]
) -> None:
    evil = upload(b"GIF89a and nothing else", "logo.gif")
    answer = browsers["admin"].send(settings_of(page), logo_dark=evil, description="Kept in the form")

    html = answer.content.decode()
    assert "not a PNG, JPEG, WebP or ICO" in html
    assert "Kept in the form" in html
    with in_tenant(acme.id):
        assert not Asset.objects.exists()


def test_a_component_is_added_changed_and_deleted(acme: Tenant, page: StatusPage, editor: Browser) -> None:
    editor.send(f"{ADMIN}/components/component/add/", name="API", status="degraded_performance")
    with in_tenant(acme.id):
        component = Component.objects.get()
        assert current([component.pk]) == {component.pk: "degraded_performance"}
    address = f"{ADMIN}/components/component/{component.pk}/change/"
    editor.send(address, purpose="Sends things.", status="major_outage", position="")
    with in_tenant(acme.id):
        component.refresh_from_db()
        assert (component.purpose, component.position) == ("Sends things.", 1)
        assert current([component.pk]) == {component.pk: "major_outage"}
    editor.send(f"{ADMIN}/components/component/{component.pk}/delete/")

    with in_tenant(acme.id):
        assert not Component.objects.present().exists()


def test_saving_a_component_says_nothing_of_its_status(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    editor.send(f"{ADMIN}/components/component/{component.pk}/change/", purpose="Sends things.")

    with in_tenant(acme.id):
        assert not Statement.objects.exists()


def test_a_form_that_is_old_does_not_undo_what_others_did(
    acme: Tenant, page: StatusPage, component: Component, editor: Browser
) -> None:
    address = f"{ADMIN}/components/component/{component.pk}/change/"
    data = editor.shown(address)
    with in_tenant(acme.id):
        update_component(page, component, ACTOR, name="Renamed", restricted=True)
    editor.post(address, data | {"purpose": "Sends things."})

    with in_tenant(acme.id):
        component.refresh_from_db()
        assert (component.name, component.restricted) == ("Renamed", True)
        assert component.purpose == "Sends things."


def test_history_is_corrected_and_the_correction_withdrawn(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    address = f"{ADMIN}/components/component/{component.pk}/change/"
    ended = datetime.now(ZoneInfo("Europe/Berlin")).replace(second=0, microsecond=0) - timedelta(hours=1)
    begun = ended - timedelta(hours=2)
    typed = {
        "begun": f"{begun:%Y-%m-%dT%H:%M}",
        "ended": f"{ended:%Y-%m-%dT%H:%M}",
        "reason": "A false alarm.",
    }
    assert "needs this" in editor.send(address, **typed).content.decode()
    late = typed | {"really": "major_outage", "ended": f"{ended + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    assert "ends in the past" in editor.send(address, **late).content.decode()
    with in_tenant(acme.id):
        assert not Statement.objects.exists()

    editor.send(address, **typed, really="major_outage")
    with in_tenant(acme.id):
        told = Statement.objects.get()
        assert (told.source, told.status, told.reason) == ("correction", "major_outage", "A false alarm.")
        assert (told.begun, told.ended) == (begun, ended)
    assert "A false alarm." in editor.get(address).content.decode()
    editor.send(address, purpose="Sends things.")
    with in_tenant(acme.id):
        assert Statement.objects.count() == 1

    editor.send(address, **{"statements-0-withdraw": "on"})
    with in_tenant(acme.id):
        assert not Statement.objects.exists()


def test_who_may_only_look_corrects_nothing(component: Component, browsers: dict[str, Browser]) -> None:
    address = f"{ADMIN}/components/component/{component.pk}/change/"

    assert "Correct the history" not in browsers["viewer"].get(address).content.decode()


def test_statuses_are_set_from_the_list(acme: Tenant, page: StatusPage, editor: Browser) -> None:
    with in_tenant(acme.id):
        ids = [create_component(page, ACTOR, name=name).pk for name in ("A", "B", "C")]
    chosen = {"action": "set_partial_outage", "index": "0", "_selected_action": ids[:2]}
    editor.post(f"{ADMIN}/components/component/", chosen)

    with in_tenant(acme.id):
        assert list(current(ids).values()).count("partial_outage") == 2
        page.refresh_from_db()
        assert page.version == 5


def test_groups_hold_components(acme: Tenant, component: Component, editor: Browser) -> None:
    editor.send(f"{ADMIN}/components/componentgroup/add/", name="Core", components=[component.pk])
    with in_tenant(acme.id):
        group = ComponentGroup.objects.get()
        component.refresh_from_db()
        assert component.group == group
    address = f"{ADMIN}/components/componentgroup/{group.pk}/change/"
    editor.post(address, editor.shown(address) | {"components": []})

    with in_tenant(acme.id):
        component.refresh_from_db()
        assert component.group is None


def test_only_the_pages_own_groups_can_be_chosen(
    acme: Tenant, globex: Tenant, component: Component, editor: Browser
) -> None:
    with in_tenant(globex.id):
        stranger = Component.objects.get().pk
    answer = editor.send(f"{ADMIN}/components/componentgroup/add/", name="Core", components=[stranger])

    assert answer.status_code == 200
    with in_tenant(acme.id):
        assert not ComponentGroup.objects.exists()


def test_somebody_is_added_to_the_subscribers(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser]
) -> None:
    given = {"address": "reader@example.org", "consent_note": "Asked at the fair."}
    add = f"{ADMIN}/subscribers/subscriber/add/"
    assert "consent" in browsers["admin"].send(add, address="reader@example.org").content.decode()
    browsers["admin"].send(add, **given)

    with in_tenant(acme.id):
        subscriber = Subscriber.objects.get()
        assert subscriber.is_active
        assert subscriber.consent_note == "Asked at the fair."


def test_a_subscribers_wishes_are_changed_and_the_address_erased(
    acme: Tenant, page: StatusPage, component: Component, browsers: dict[str, Browser]
) -> None:
    with in_tenant(acme.id):
        subscriber = add_confirmed(page, Who("reader@example.org"), ACTOR, "said so")
    address = f"{ADMIN}/subscribers/subscriber/{subscriber.pk}"
    browsers["admin"].send(f"{address}/change/", scope="components", components=[component.pk])
    with in_tenant(acme.id):
        subscriber.refresh_from_db()
        assert list(subscriber.components.all()) == [component]
    browsers["admin"].send(f"{address}/delete/")

    with in_tenant(acme.id):
        assert not Subscriber.objects.exists()


def test_subscribers_are_unsubscribed_from_the_list(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser]
) -> None:
    with in_tenant(acme.id):
        subscriber = add_confirmed(page, Who("reader@example.org"), ACTOR, "said so")
    chosen = {"action": "unsubscribe_chosen", "index": "0", "_selected_action": subscriber.pk}
    browsers["admin"].post(f"{ADMIN}/subscribers/subscriber/", chosen)

    with in_tenant(acme.id):
        subscriber.refresh_from_db()
        assert subscriber.state == "unsubscribed"
