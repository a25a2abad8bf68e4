"""Domains of one's own, as an admin adds them."""

from __future__ import annotations

from typing import Any

from common.names import proof
from common.tenancy import in_tenant
from pages.models import OwnHost, StatusPage
from pages.own_hosts import Code, Finding, settle, target
from tenants.models import Tenant
from tests.dashboard.conftest import Place, Visitor
from tests.nameserver import nameserver

HOST = "status.acme.example.org"


def test_a_domain_is_added_proved_and_made_the_main_address(
    visitors: dict[str, Visitor], acme: Tenant, place: Place, settings: Any
) -> None:
    admin, at = visitors["admin"], f"{place.home}settings/hosts/"
    assert "is not the name of a host" in admin.send(at, "host", host="nonsense").content.decode()
    admin.send(at, "host", host=HOST)
    text = admin.see(at)
    for record in (*proof(acme.pk, HOST), target(place.page)):
        assert record in text
    with in_tenant(acme.id):
        own = OwnHost.objects.select_related("page").get()
    with nameserver() as names:
        settings.DNS_SERVERS = [names.address]
        admin.post(f"{at}{own.pk}/check")
    assert "leads nowhere yet" in admin.see(at)

    with in_tenant(acme.id):
        settle(own, [Finding(Code.PROVED)])
    admin.post(f"{at}primary", {"host": HOST})
    with in_tenant(acme.id):
        assert StatusPage.objects.get(pk=place.page.pk).primary_host == HOST
    admin.post(f"{at}primary", {"host": "evil.example.org"})
    admin.post(f"{at}{own.pk}/remove")
    with in_tenant(acme.id):
        assert StatusPage.objects.get(pk=place.page.pk).primary_host == "acme.localhost"
        assert not OwnHost.objects.exists()
