"""Removing an organisation for good: its pages, its messages, its schema. Its people stay, as people."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone

from notifications.models import Attempt, Delivery, EndpointHealth, MailSender, Notification, Suppression
from outbox.models import OutboxItem
from outbox.registry import Claimed, Later
from publishing.storage import store
from tenants.actions import ask_for_hosts
from tenants.models import Domain, Tenant
from tenants.organisations import GRACE

log = structlog.get_logger(__name__)

_STEP = 5_000
# One turn of the worker.
_SLICE = 20.0
_DELETE = "DELETE FROM public.{table} WHERE ctid IN (SELECT ctid FROM public.{table} WHERE {mine} LIMIT %s)"
_OF_DELIVERIES = "delivery_id IN (SELECT id FROM public.notifications_delivery WHERE tenant_id = %s)"
_OF_TOLD = "notification_id IN (SELECT id FROM public.notifications_notification WHERE tenant_id = %s)"


def remove_organisation(item: Claimed) -> None:
    """The key is the id of an organisation that was deleted, long enough ago. Goes on where it left off."""
    tenant = Tenant.objects.exclude(deleted_at=None).filter(pk=item.key).first()
    if tenant is None or tenant.deleted_at is None:
        return
    left = tenant.deleted_at + GRACE - timezone.now()
    if left > timedelta():
        raise Later(left)
    _remove_pages(tenant)
    _remove_messages(tenant)
    with transaction.atomic(durable=True):
        OutboxItem.objects.filter(tenant_id=tenant.pk).delete()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema_name}" CASCADE')
        tenant.delete()
        ask_for_hosts()
    log.info("organisation.removed", tenant=item.key)


def _remove_pages(tenant: Tenant) -> None:
    for page_id in Domain.objects.filter(tenant=tenant).values_list("page_id", flat=True).distinct():
        store().remove(page_id)


def _remove_messages(tenant: Tenant) -> None:
    """There may be millions: some at a time, and no longer than a turn lasts."""
    until = time.monotonic() + _SLICE
    tables = [(Attempt._meta.db_table, _OF_DELIVERIES), ("notifications_tally", _OF_TOLD)]
    owned = (Delivery, Notification, Suppression, EndpointHealth, MailSender)
    for table, mine in [*tables, *((one._meta.db_table, "tenant_id = %s") for one in owned)]:
        while _delete_some(table, mine, tenant.pk):
            if time.monotonic() > until:
                raise Later(timedelta())


def _delete_some(table: str, mine: str, tenant_id: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DELETE.format(table=table, mine=mine), [tenant_id, _STEP])
        return int(cursor.rowcount)
