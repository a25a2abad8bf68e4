"""What is set of a page as a whole, its copies and sender, its end; and API keys."""

from __future__ import annotations

import re
from typing import Any

import pytest

from common.tenancy import in_tenant
from copies.models import CopyTarget
from notifications.models import MailSender
from pages.models import StatusPage
from tenants.models import ApiKey, Tenant
from tests.dashboard.conftest import Place, Visitor
from tests.proven import proven


@pytest.fixture
def admin(visitors: dict[str, Visitor]) -> Visitor:
    return visitors["admin"]


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.home}settings/"


def now(acme: Tenant, place: Place) -> StatusPage:
    with in_tenant(acme.id):
        return StatusPage.objects.get(pk=place.page.pk)


CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("general", {"name": "Newer", "time_zone": "Asia/Tokyo"}, {"name": "Newer", "time_zone": "Asia/Tokyo"}),
    ("general", {"noindex": "on"}, {"noindex": True, "published": True}),
    ("uptime", {"uptime_days": "30", "partial_weight": "0.5"}, {"uptime_days": 30, "partial_weight": 0.5}),
    ("telling", {"remind_after": "0", "offered": ["email"]}, {"remind_after": 0}),
]


# A field of each form, by which it is found on its screen.
FIELDS = {"general": "slug", "uptime": "uptime_days", "telling": "remind_after"}


@pytest.mark.parametrize(("section", "typed", "kept"), CHANGES)
def test_what_is_set_is_kept(
    admin: Visitor,
    acme: Tenant,
    place: Place,
    at: str,
    section: str,
    typed: dict[str, Any],
    kept: dict[str, Any],
) -> None:
    answer = admin.send(f"{at}{section}", FIELDS[section], **typed)
    assert answer.status_code == 302, answer.content.decode()
    page = now(acme, place)
    assert {name: getattr(page, name) for name in kept} == kept
    if "offered" in typed:
        assert set(page.closed_ways) == {"page", "incident", "sms", "webhook"}


def test_what_is_refused_is_said_and_nothing_else_shows_it(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    text = admin.send(f"{at}general", "slug", slug="www", name="Another name").content.decode()
    assert "reserved" in text
    assert 'value="Another name"' in text
    assert "<h1>Another name" not in text
    assert now(acme, place).name == "Acme"
    assert admin.get(f"{at}nonsense").status_code == 404


def test_a_sender_is_set_and_told_what_to_add_to_its_domain(admin: Visitor, acme: Tenant, at: str) -> None:
    admin.send(f"{at}sender", "reply_to", name="Acme Status", address="status@acme.example")
    row = MailSender.objects.get()
    assert (row.name, row.address, row.tenant_id) == ("Acme Status", "status@acme.example", acme.pk)
    assert "_statuspage.acme.example" in admin.see(f"{at}sender")
    assert "Nothing was saved yet" in admin.send(f"{at}sender", "reply_to", address="x").content.decode()


def test_a_copy_is_added_changed_and_removed(admin: Visitor, acme: Tenant, at: str) -> None:
    keys = {"access_key_id": "id", "secret_access_key": "secret-words"}
    place = {"kind": "bucket", "endpoint": "https://s3.example.com", "region": "eu-1", "bucket": "status"}
    refused = admin.send(f"{at}copies/new", "kind", **place).content.decode()
    assert "needs both keys" in refused
    admin.send(f"{at}copies/new", "kind", **place, **keys)
    with in_tenant(acme.id):
        target = CopyTarget.objects.get()
    own = f"{at}copies/{target.pk}/"
    assert "secret-words" not in admin.see(own)
    admin.send(own, "bucket", bucket="other")
    admin.post(f"{own}again")
    with in_tenant(acme.id):
        assert CopyTarget.objects.get().bucket == "other"
    admin.post(f"{own}remove")
    with in_tenant(acme.id):
        assert not CopyTarget.objects.exists()


def test_a_page_is_taken_off_and_launched_again(admin: Visitor, acme: Tenant, place: Place, at: str) -> None:
    off = f"{at}unpublish"
    assert "Everything is kept" in admin.see(off)
    assert now(acme, place).published
    proven(admin).post(off)
    assert not now(acme, place).published
    # There is nothing more to take off.
    assert admin.get(off)["Location"] == f"{at}delete"
    assert f"{place.home}launch" in admin.see(f"{at}delete")
    admin.post(f"{place.home}launch")
    assert now(acme, place).published


def test_a_page_is_deleted_only_by_who_proves_it_and_types_its_name(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    delete = f"{at}delete"
    assert "/accounts/again/" in admin.post(delete, {"name": "Acme"})["Location"]
    proven(admin)
    assert admin.post(delete, {"name": "acme?"}).status_code == 422
    assert now(acme, place).deleted_at is None
    admin.post(delete, {"name": "Acme"})
    assert now(acme, place).deleted_at


def test_a_key_is_shown_once_rotated_and_revoked(admin: Visitor, visitors: dict[str, Visitor]) -> None:
    asked = {"name": "Our robot", "scopes": ["read", "components"], "networks": "192.0.2.0/24"}
    assert "/accounts/again/" in admin.post("/o/acme/keys/new", asked)["Location"]
    proven(admin)
    text = admin.post("/o/acme/keys/new", asked).content.decode()
    (token,) = set(re.findall(r"sp_rw_\w+", text))
    key = ApiKey.objects.get()
    assert (key.scopes, key.networks) == (["read", "components"], ["192.0.2.0/24"])
    assert "Our robot" in admin.see("/o/acme/keys/")
    assert token not in admin.see("/o/acme/keys/")

    assert visitors["editor"].post(f"/o/acme/keys/{key.pk}/revoke").status_code == 404
    assert "Our robot" not in visitors["editor"].see("/o/acme/keys/")
    assert "sp_rw_" in admin.post(f"/o/acme/keys/{key.pk}/rotate").content.decode()
    admin.post(f"/o/acme/keys/{key.pk}/revoke")
    key.refresh_from_db()
    assert key.revoked_at
    wrong = admin.post("/o/acme/keys/new", asked | {"networks": "nonsense"}).content.decode()
    assert "Nothing was saved yet" in wrong
    assert "nonsense" in wrong


def test_nobody_gets_a_key_that_opens_what_another_may_do(
    admin: Visitor, visitors: dict[str, Visitor]
) -> None:
    """An admin sees an owner's key and may close it; a new one like it would make an owner of them."""
    proven(visitors["owner"])
    visitors["owner"].post("/o/acme/keys/new", {"name": "The owner's", "scopes": ["admin"]})
    key = ApiKey.objects.get()
    proven(admin)
    listed = admin.see("/o/acme/keys/")
    assert "The owner" in listed
    assert "/rotate" not in listed
    assert admin.post(f"/o/acme/keys/{key.pk}/rotate").status_code == 404
    assert ApiKey.objects.count() == 1
    admin.post(f"/o/acme/keys/{key.pk}/revoke")
    key.refresh_from_db()
    assert key.revoked_at
