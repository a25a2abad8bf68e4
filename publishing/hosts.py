"""The map of hosts: which page each of them serves."""

from __future__ import annotations

from django.db import transaction

from publishing.storage import store
from store import HostEntry
from tenants.models import Domain, HostMap


def publish_hosts() -> None:
    """Put the registry of hosts, at its version, into the store."""
    with transaction.atomic():
        # The version first: hosts claimed between the two reads ask for a newer map anyway.
        version = HostMap.objects.values_list("version", flat=True).first() or 0
        present = Domain.objects.filter(tenant__deleted_at=None)
        rows = list(present.values_list("host", "page_id", "kind", "primary", "published"))
    primary = {page_id: host for host, page_id, _, is_primary, _ in rows if is_primary}
    entries = {
        host: HostEntry(page_id, primary.get(page_id, host), kind, published)
        for host, page_id, kind, _, published in rows
    }
    store().put_hosts(version, entries)
