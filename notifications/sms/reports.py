"""What providers report of a message, in whatever order it comes: a delivery never steps back.

Waiting and under lease, then accepted, then delivered or refused. A report that a message was accepted also
counts where its sender died before it could write that down.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from notifications.choices import DeliveryStatus
from notifications.models import Delivery
from notifications.sending import BOUNCE
from notifications.sms.optouts import opt_out
from notifications.sms.references import Reference
from notifications.sms.shapes import Report
from outbox.queue import put
from subscribers.choices import Channel

_WAITING = {DeliveryStatus.PENDING, DeliveryStatus.LEASED}
# From which it may come to each; what is not named is never left for it.
_FROM = {
    DeliveryStatus.ACCEPTED: _WAITING,
    DeliveryStatus.DELIVERED: _WAITING | {DeliveryStatus.ACCEPTED, DeliveryStatus.DEAD},
    DeliveryStatus.FAILED: _WAITING | {DeliveryStatus.ACCEPTED},
    DeliveryStatus.BOUNCED: _WAITING | {DeliveryStatus.ACCEPTED},
}


def note(provider: str, of: Reference, report: Report, now: datetime) -> bool:
    """Write down what became of an attempt; whether that was news."""
    with transaction.atomic():
        found = Delivery.objects.filter(pk=of.delivery, channel=Channel.SMS).select_for_update().first()
        if found is None:
            return False
        if report.opted_out:
            opt_out(found.target, provider, now)
        if found.status not in _FROM[report.status] or not _is_about(found, of, report):
            return False
        _save(found, provider, report, now)
        if report.status == DeliveryStatus.BOUNCED:
            put(BOUNCE, found.tenant_id, [found.subscriber_id])
    return True


def _is_about(delivery: Delivery, of: Reference, report: Report) -> bool:
    """A later attempt is not undone by what an earlier one came to, unless that has arrived."""
    arrived = report.status == DeliveryStatus.DELIVERED
    return of.attempt == delivery.attempts or (arrived and of.attempt < delivery.attempts)


def _save(delivery: Delivery, provider: str, report: Report, now: datetime) -> None:
    values: dict[str, Any] = {
        "status": report.status,
        "lease_token": None,
        "lease_until": None,
        "provider": provider,
        "provider_message_id": report.message_id or delivery.provider_message_id,
        "accepted_at": delivery.accepted_at or now,
        "reported_at": now,
        "last_error": report.error,
    }
    for name, value in values.items():
        setattr(delivery, name, value)
    delivery.save(update_fields=list(values))
