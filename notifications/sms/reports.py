"""What providers report of an SMS."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notifications.choices import DeliveryStatus
from notifications.models import Delivery
from notifications.reported import move
from notifications.sending import BOUNCE
from notifications.sms.optouts import opt_out
from notifications.sms.references import Reference
from notifications.sms.shapes import Report
from outbox.queue import put
from subscribers.choices import Channel


def note(provider: str, of: Reference, report: Report, now: datetime) -> bool:
    """Write down what became of an attempt; whether that was news."""
    with transaction.atomic():
        found = Delivery.objects.filter(pk=of.delivery, channel=Channel.SMS).select_for_update().first()
        if found is None:
            return False
        if report.opted_out:
            opt_out(found.target, provider, now)
        noted = {
            "last_error": report.error,
            "provider": provider,
            "provider_message_id": report.message_id or found.provider_message_id,
        }
        if not _is_about(found, of, report) or not move(found, report.status, now, **noted):
            return False
        if report.status == DeliveryStatus.BOUNCED:
            put(BOUNCE, found.tenant_id, [found.subscriber_id])
    return True


def _is_about(delivery: Delivery, of: Reference, report: Report) -> bool:
    """A later attempt is not undone by what an earlier one came to, unless that has arrived."""
    arrived = report.status == DeliveryStatus.DELIVERED
    return of.attempt == delivery.attempts or (arrived and of.attempt < delivery.attempts)
