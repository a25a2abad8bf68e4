"""Bring the database, and what is published, to this release."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import ProgrammingError, connection, transaction

from common.fingerprints import of_migrations
from common.tenancy import in_tenant
from pages.actions import adopt_release
from pages.models import StatusPage
from statuspage import fingerprint
from tenants import schemas
from tenants.models import Installation, Tenant


class Command(BaseCommand):
    help = "Migrate the public schema and every tenant's, unless nothing changed; have pages re-rendered."

    def handle(self, *args: Any, **options: Any) -> None:
        self._migrate()
        self._release()

    def _migrate(self) -> None:
        wanted = of_migrations()
        if self._installed() == wanted:
            self.stdout.write("The database is up to date.")
            return
        call_command("migrate_schemas", shared=True, verbosity=0)
        known = self._tenants()
        call_command("migrate_schemas", tenant=True, verbosity=0)
        with transaction.atomic():
            # Whoever adds an organisation by the former release comes before this, or is refused.
            Installation.objects.update_or_create(id=1, defaults={"migrations": wanted})
            for schema in self._tenants() - known:
                schemas.migrate(schema)
        schemas.prepare()
        self.stdout.write("The database has been migrated.")

    def _tenants(self) -> set[str]:
        return set(Tenant.objects.values_list("schema_name", flat=True))

    def _release(self) -> None:
        wanted = fingerprint.of_documents()
        former = Installation.objects.get(id=1).documents
        if former == wanted:
            return
        for tenant in Tenant.objects.all():
            with in_tenant(tenant.id):
                for page in StatusPage.objects.present():
                    adopt_release(page, wanted)
        Installation.objects.filter(id=1).update(documents=wanted)

    def _installed(self) -> str:
        """The fingerprint of the migrations that were applied last; empty before the first time."""
        try:
            return Installation.objects.values_list("migrations", flat=True).first() or ""
        except ProgrammingError:
            connection.close()
            return ""
