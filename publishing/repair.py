"""What the store has lost or holds damaged, made anew from the database."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from django.db import transaction

from common.tenancy import NO_TENANT, current_tenant_id, in_tenant
from outbox.queue import put
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.storage import store
from tenants.actions import HOSTS
from tenants.models import Domain, DomainKind

REBUILD = "rebuild"


def rebuild_all() -> list[str]:
    """Ask for the map of hosts, and for every launched page anew; the ids of those pages."""
    pages = _pages()
    with transaction.atomic():
        put(HOSTS, NO_TENANT, ["map"])
        for tenant_id, page_id in pages:
            put(REBUILD, tenant_id, [page_id])
    return [page_id for _, page_id in pages]


def rebuild(page_id: str) -> None:
    """Ask for a page of the current tenant anew."""
    put(REBUILD, current_tenant_id(), [page_id])


def ask_for_what_is_lost(*, damaged: bool = False) -> None:
    """Ask for what the store should have and has not, because somebody emptied it: a look at a file each.

    With `damaged` also for pages whose manifest is not whole, which takes reading all of them.
    """
    lost = [(tenant_id, page_id) for tenant_id, page_id in _pages() if _is_lost(page_id, damaged)]
    with transaction.atomic():
        if store().hosts() is None:
            put(HOSTS, NO_TENANT, ["map"])
        for tenant_id, page_id in lost:
            put(PUBLISH, tenant_id, [page_id])


def versions() -> dict[str, int]:
    """By id, how far each launched page has come in the database."""
    pages = groupby(sorted(_pages()), itemgetter(0))
    return {
        page_id: version
        for tenant_id, own in pages
        for page_id, version in _versions(tenant_id, [page_id for _, page_id in own])
    }


def _versions(tenant_id: str, ids: list[str]) -> list[tuple[str, int]]:
    with in_tenant(tenant_id):
        return list(StatusPage.objects.filter(pk__in=ids).values_list("pk", "version"))


def _is_lost(page_id: str, damaged: bool) -> bool:
    return (damaged or store().stamp(page_id) is None) and store().manifest(page_id) is None


def _pages() -> list[tuple[str, str]]:
    """Tenant and id of each launched page, which has exactly one host of this kind."""
    found = Domain.objects.filter(kind=DomainKind.ID, published=True)
    return list(found.values_list("tenant_id", "page_id"))
