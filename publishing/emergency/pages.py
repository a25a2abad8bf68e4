"""The page that a command is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from common.tenancy import in_tenant
from pages.models import StatusPage
from tenants.models import Domain


@contextmanager
def page_named(name: str) -> Iterator[StatusPage]:
    """By its id, address name or any of its hosts, in its organisation's schema."""
    domains = Domain.objects.filter(host=name) | Domain.objects.filter(page_id=name)
    domain = domains.first() or Domain.objects.filter(host__startswith=f"{name}.", kind="slug").first()
    if domain is None:
        message = f"There is no page “{name}”. Give its id, its address name or its host."
        raise CommandError(message)
    with in_tenant(domain.tenant_id):
        yield StatusPage.objects.get(pk=domain.page_id)
