"""`manage.py republish`: fill a store that was emptied."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from outbox.queue import put
from pages.change import PUBLISH
from tenants.actions import ask_for_hosts
from tenants.models import Domain, DomainKind


class Command(BaseCommand):
    help = "Ask for every page and the map of hosts to be published, where the store lacks them."

    def handle(self, *_args: Any, **_options: Any) -> None:
        # Every page has exactly one host of this kind.
        pages = list(Domain.objects.filter(kind=DomainKind.ID).values_list("tenant_id", "page_id"))
        with transaction.atomic():
            ask_for_hosts()
            for tenant_id, page_id in pages:
                put(PUBLISH, tenant_id, [page_id])
        self.stdout.write(f"Asked for {len(pages)} pages. The worker, or the ticker, publishes them now.")
