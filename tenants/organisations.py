"""Verbs on an organisation as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import given
from common.tenancy import NO_TENANT, in_tenant
from events.actor import Actor
from events.log import Fact, append
from outbox.queue import cancel, put
from tenants.actions import ask_for_hosts
from tenants.models import Tenant

REMOVE = "remove_organisation"
# For so long an organisation can be brought back.
GRACE = timedelta(days=14)


def rename_tenant(tenant: Tenant, name: str, actor: Actor) -> None:
    """What people read; addresses stay. Raises Refused for an empty or endless name."""
    name = given({"name": name.strip()}, {"name"}, Tenant)["name"]
    _set(tenant, "organisation.renamed", actor, name=name)


def require_2fa(tenant: Tenant, required: bool, actor: Actor) -> None:
    """Whether members come in only with a second factor. Keys are not asked for one."""
    _set(tenant, "organisation.two_factor_set", actor, requires_2fa=required)


def delete_tenant(tenant: Tenant, actor: Actor) -> datetime:
    """Close the organisation at once, and remove it for good after `GRACE`; when that will be."""
    now = timezone.now()
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        tenant.deleted_at = now
        tenant.save(update_fields=["deleted_at"])
        put(REMOVE, NO_TENANT, [tenant.pk], due_at=now + GRACE)
        ask_for_hosts()
        _record(tenant, "organisation.deleted", actor, now, removed_at=(now + GRACE).isoformat())
    return now + GRACE


def restore_tenant(tenant: Tenant, actor: Actor) -> None:
    """Bring a deleted organisation back as it was. Raises Refused once it is being removed."""
    now = timezone.now()
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        if not cancel(REMOVE, NO_TENANT, tenant.pk):
            raise Refused(_("It is too late: the organisation is being removed."))
        tenant.deleted_at = None
        tenant.save(update_fields=["deleted_at"])
        ask_for_hosts()
        _record(tenant, "organisation.restored", actor, now)


def note_export(tenant: Tenant, actor: Actor) -> None:
    """In the log: somebody takes everything away in one file."""
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        _record(tenant, "organisation.exported", actor, timezone.now())


def _set(tenant: Tenant, event: str, actor: Actor, **values: Any) -> None:
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        for name, value in values.items():
            setattr(tenant, name, value)
        tenant.save(update_fields=[*values])
        _record(tenant, event, actor, timezone.now())


def _record(tenant: Tenant, event: str, actor: Actor, at: datetime, **more: Any) -> None:
    facts = {"name": tenant.name, "slug": tenant.slug, "requires_2fa": tenant.requires_2fa} | more
    append([Fact(event, "organisation", tenant.pk, facts)], actor=actor, at=at)
