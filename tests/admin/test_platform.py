"""The platform's site, and the way in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from outbox.models import OutboxItem
from pages.models import StatusPage
from statuspage.admin import platform
from tenants.models import Domain, Membership, Tenant, User
from tenants.sms import limits
from tests.admin.browser import Browser
from tests.proven import proven


def paths(site: AdminSite) -> list[str]:
    """The lists and forms of a site."""
    models = [model._meta for model in site._registry]
    return [f"/admin/{one.app_label}/{one.model_name}/" for one in models]


@pytest.fixture(autouse=True)
def just_signed_in(browsers: dict[str, Browser]) -> None:
    proven(browsers["staff"])


@pytest.fixture
def dead(db: None) -> OutboxItem:
    now = timezone.now()
    return OutboxItem.objects.create(
        topic="publish", tenant_id="x", key="page", due_at=now, dead_at=now, attempts=10, last_error="Boom"
    )


def test_only_staff_gets_in(browsers: dict[str, Browser], dead: OutboxItem) -> None:
    for path in ["/admin/", *paths(platform)]:
        got = {person: browser.get(path).status_code for person, browser in browsers.items()}
        assert {person for person, status in got.items() if status == 200} == {"staff"}, path


def test_what_is_dead_is_repeated(browsers: dict[str, Browser], dead: OutboxItem) -> None:
    address = "/admin/outbox/outboxitem/"
    assert "Boom" in browsers["staff"].get(f"{address}?state=dead").content.decode()
    chosen = {"action": "repeat_dead", "index": "0", "_selected_action": dead.pk}
    browsers["staff"].post(address, chosen)

    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)


def test_lists_name_the_zone_of_their_times_and_put_the_day_first(
    browsers: dict[str, Browser], dead: OutboxItem
) -> None:
    OutboxItem.objects.update(due_at=datetime(2026, 11, 20, 7, 28, tzinfo=UTC))
    shown = browsers["staff"].get("/admin/outbox/outboxitem/").content.decode()

    assert "Times are in UTC." in shown
    assert "20 Nov 2026, 07:28" in shown


def test_an_organisation_is_made_with_its_owner(
    browsers: dict[str, Browser], people: dict[str, User]
) -> None:
    owner = people["viewer"]
    browsers["staff"].send("/admin/tenants/tenant/add/", name="Initech", owner=owner.pk)

    tenant = Tenant.objects.get(slug="initech")
    assert Membership.objects.get(tenant=tenant).user == owner
    assert Browser(owner).get("/o/initech/admin/").status_code == 200


def test_an_organisation_sends_sms_within_what_the_installation_allows(
    browsers: dict[str, Browser], acme: Tenant, settings: Any
) -> None:
    settings.SMS_COUNTRIES, settings.SMS_DAILY_CAP = ["DE", "AT"], Decimal(50)
    form = f"/admin/tenants/tenant/{acme.pk}/change/"
    refused = browsers["staff"].send(form, sms_countries="DE,US", sms_daily_cap="5").content.decode()
    assert "No SMS are sent to US here. These can be chosen: AT, DE." in refused
    refused = browsers["staff"].send(form, sms_countries="DE", sms_daily_cap="51").content.decode()
    assert "Please choose an amount from 0 to 50." in refused
    browsers["staff"].send(form, sms_countries="de", sms_daily_cap="5")

    assert limits([acme.id]) == {acme.id: ({"DE"}, Decimal(5))}
    settings.SMS_COUNTRIES, settings.SMS_DAILY_CAP = ["AT"], Decimal(2)
    assert limits([acme.id]) == {acme.id: (set(), Decimal(2))}
    browsers["staff"].send(form, sms_countries="", sms_daily_cap="")
    assert limits([acme.id]) == {acme.id: ({"AT"}, Decimal(2))}


def test_a_slug_that_is_taken_is_refused_at_its_field(browsers: dict[str, Browser]) -> None:
    answer = browsers["staff"].send("/admin/tenants/tenant/add/", name="Another", slug="acme")

    assert "slug" in answer.context["adminform"].form.errors  # type: ignore[index]


def test_an_organisation_keeps_an_owner(browsers: dict[str, Browser], people: dict[str, User]) -> None:
    membership = Membership.objects.get(user=people["owner"])
    answer = browsers["staff"].send(f"/admin/tenants/membership/{membership.pk}/change/", role="viewer")

    assert "needs an owner" in answer.content.decode()
    membership.refresh_from_db()
    assert membership.role == "owner"


def test_somebody_is_made_a_member(browsers: dict[str, Browser], people: dict[str, User]) -> None:
    acme = Tenant.objects.get(slug="acme")
    given = {"user": people["outsider"].pk, "tenant": acme.pk, "role": "editor"}
    browsers["staff"].send("/admin/tenants/membership/add/", **given)

    assert browsers["outsider"].get("/o/acme/admin/").status_code == 200


def test_somebody_new_signs_in_until_that_is_taken_away(browsers: dict[str, Browser], acme: Tenant) -> None:
    given = {"email": "New@Acme.Example", "name": "Nia New", "password": "correct horse"}
    browsers["staff"].send("/admin/tenants/user/add/", **given)
    person = User.objects.get(email="new@acme.example")
    member = {"user": person.pk, "tenant": acme.pk, "role": "editor"}
    browsers["staff"].send("/admin/tenants/membership/add/", **member)
    browser = browsers["anonymous"]
    browser.send("/accounts/login/", login="new@acme.example", password="correct horse")
    assert browser.get("/o/acme/admin/").status_code == 200

    address = f"/admin/tenants/user/{person.pk}/change/"
    data = browsers["staff"].shown(address)
    del data["is_active"]
    browsers["staff"].post(address, data)

    assert browser.get("/o/acme/admin/").status_code == 302
    again = browser.send("/accounts/login/", login="new@acme.example", password="correct horse")
    assert again["Location"] == "/accounts/inactive/"


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "viewer@acme.example"), ("email", "nobody"), ("password", "password"), ("password", "short")],
)
def test_a_person_that_cannot_be_added_is_refused_at_the_field(
    browsers: dict[str, Browser], field: str, value: str
) -> None:
    given = {"email": "new@acme.example", "password": "correct horse"} | {field: value}
    answer = browsers["staff"].send("/admin/tenants/user/add/", **given)

    assert list(answer.context["adminform"].form.errors) == [field]  # type: ignore[index]
    assert not User.objects.filter(email="new@acme.example").exists()


def test_nobody_locks_themselves_out(browsers: dict[str, Browser], people: dict[str, User]) -> None:
    address = f"/admin/tenants/user/{people['staff'].pk}/change/"
    data = browsers["staff"].shown(address)
    del data["is_active"]

    assert "lock yourself out" in browsers["staff"].post(address, data).content.decode()
    assert browsers["staff"].get("/admin/").status_code == 200


def test_people_are_not_deleted_and_made_nothing_else(
    browsers: dict[str, Browser], people: dict[str, User]
) -> None:
    address = f"/admin/tenants/user/{people['viewer'].pk}"
    browsers["staff"].send(f"{address}/change/", email="x@example.org", is_staff="on")
    assert browsers["staff"].post(f"{address}/delete/", {"post": "yes"}).status_code == 403

    viewer = User.objects.get(pk=people["viewer"].pk)
    assert (viewer.email, viewer.is_staff) == ("viewer@acme.example", False)


@pytest.mark.parametrize("model", ["tenant", "domain"])
def test_the_rest_can_only_be_read(browsers: dict[str, Browser], page: StatusPage, model: str) -> None:
    row = {"tenant": Tenant.objects.first(), "domain": Domain.objects.first()}[model]
    assert row is not None
    address, before = f"/admin/tenants/{model}/{row.pk}", type(row).objects.values().get(pk=row.pk)

    assert browsers["staff"].get(f"{address}/change/").status_code == 200
    saved = browsers["staff"].post(f"{address}/change/", {"name": "X", "host": "x", "slug": "x"})
    # Of an organisation what it may spend on SMS is set here, and nothing else.
    assert saved.status_code == {"tenant": 302, "domain": 403}[model]
    assert type(row).objects.values().get(pk=row.pk) == before
    assert browsers["staff"].post(f"{address}/delete/", {"post": "yes"}).status_code == 403


def test_people_come_in_by_e_mail_address_and_go_where_they_work(
    browsers: dict[str, Browser], people: dict[str, User], page: StatusPage
) -> None:
    people["viewer"].set_password("long enough")
    people["viewer"].save()
    browser = browsers["anonymous"]
    given = {"login": "Viewer@Acme.Example", "password": "long enough"}
    browser.post("/accounts/login/", browser.shown("/accounts/login/") | given)

    assert browser.get("/", follow=True).redirect_chain[-1][0] == f"/o/acme/p/{page.pk}/"


def test_a_wrong_password_is_said(browsers: dict[str, Browser]) -> None:
    answer = browsers["anonymous"].send("/accounts/login/", login="viewer@acme.example", password="wrong")

    assert answer.status_code == 200
    assert "correct" in answer.content.decode()


def test_no_sign_in_leads_to_another_site(browsers: dict[str, Browser], people: dict[str, User]) -> None:
    people["viewer"].set_password("long enough")
    people["viewer"].save()
    given = {"login": "viewer@acme.example", "password": "long enough"}
    answer = browsers["anonymous"].send("/accounts/login/?next=https://evil.example/", **given)

    assert not answer["Location"].startswith("https")


def test_signing_out_leads_to_the_sign_in(browsers: dict[str, Browser], page: StatusPage) -> None:
    assert browsers["owner"].post("/o/acme/admin/logout/")["Location"] == "/accounts/login/"
    assert browsers["owner"].get("/o/acme/admin/").status_code == 302


def test_nobody_reaches_rows_through_djangos_lookups() -> None:
    found = {
        getattr(one, "name", "") for one in platform.get_urls() if isinstance(one, URLPattern | URLResolver)
    }

    assert not found & {"autocomplete", "view_on_site"}
