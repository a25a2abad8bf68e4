"""Copying what is due, now."""

from __future__ import annotations

from django.utils import timezone

from copies.asking import COPY
from copies.models import CopyTarget
from outbox.drain import drain
from outbox.models import OutboxItem
from tests.publishing.published import drain_publishing


def drain_copies() -> None:
    """Handle every target's row once, whenever it is due."""
    for item in OutboxItem.objects.filter(topic=COPY):
        OutboxItem.objects.filter(pk=item.pk).update(due_at=timezone.now())
        drain([COPY], only=(item.tenant_id, item.key))


def publish_and_copy() -> None:
    drain_publishing()
    drain_copies()


def fresh(target: CopyTarget) -> CopyTarget:
    return CopyTarget.objects.select_related("page").get(pk=target.pk)
