"""What an import leaves behind, and how to begin anew."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from pages.models import StatusPage
from tenants.models import Domain, Tenant


def contents() -> dict[str, Any]:
    """All rows of the current tenant's tables and of the registry of hosts, as they are now."""
    tables = ["pages", "components", "incidents", "events"]
    models = [model for app in tables for model in apps.get_app_config(app).get_models()] + [Domain]
    return {model.__name__: sorted(map(repr, model.objects.values_list())) for model in models}


def fresh_start(tenant: Tenant) -> None:
    StatusPage.objects.all().delete()
    Domain.objects.filter(tenant=tenant).delete()
