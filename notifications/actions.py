"""Verbs on what is sent: withdraw, hold back, send again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from common.tenancy import current_tenant_id
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.models import Attempt, Delivery, Notification, Suppression
from outbox.nudge import nudge
from outbox.registry import Lane
from subscribers.addresses import address_hash


def withdraw(tenant_id: str, subscriber_id: str, *, erased: bool) -> int:
    """Hold back what still waits for somebody who left; how many messages. For one who was `erased`, the
    address goes from what was sent before as well."""
    with transaction.atomic():
        # A step of an expansion that may have seen the leaver as active commits first.
        list(Notification.objects.of(tenant_id).expanding().select_for_update().values_list("pk"))
        mine = Delivery.objects.of(tenant_id).to(subscriber_id)
        held = mine.waiting().update(status=DeliveryStatus.SUPPRESSED, last_error="The subscriber has left.")
        if erased:
            # What servers answered often names the address.
            Attempt.objects.of(tenant_id).filter(delivery__in=mine).update(response="")
            mine.update(target="", target_hash="", settings={}, last_error="")
    return held


def suppress(channel: str, address: str, reason: SuppressionReason, source: str) -> None:
    """Never write to an address again for the current tenant, until `allow`."""
    Suppression.objects.get_or_create(
        tenant_id=current_tenant_id(),
        channel=channel,
        target_hash=address_hash(channel, address),
        defaults={"reason": reason, "source": source[:120], "created_at": timezone.now()},
    )


def allow(channel: str, address: str) -> int:
    """Take back `suppress`; how many there were."""
    mine = Suppression.objects.of(current_tenant_id())
    return mine.filter(channel=channel, target_hash=address_hash(channel, address)).delete()[0]


def replay(tenant_id: str, ids: Iterable[int]) -> int:
    """Send again what was given up, with all its attempts: the same deliveries, so the same Message-IDs; how
    many."""
    ended = [DeliveryStatus.DEAD, DeliveryStatus.FAILED, DeliveryStatus.BOUNCED]
    with transaction.atomic():
        again = Delivery.objects.of(tenant_id).filter(pk__in=list(ids), status__in=ended).exclude(target="")
        found = again.update(
            status=DeliveryStatus.PENDING, next_attempt_at=timezone.now(), attempts_before=F("attempts")
        )
        transaction.on_commit(lambda: nudge([Lane.NOTIFY]), robust=True)
    return found
