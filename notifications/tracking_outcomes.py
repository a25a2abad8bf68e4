"""What follows from what a service reports, for a mail and for its recipient."""

from __future__ import annotations

from datetime import datetime, timedelta

from anymail.signals import EventType, RejectReason
from django.db import transaction
from django.utils import timezone

from notifications.choices import DeliveryStatus
from notifications.models import Delivery, MailReport
from notifications.reported import move
from notifications.sending import BOUNCE
from outbox.queue import put
from subscribers.choices import Channel

# The key is the id of a subscriber who left by the service's own link.
OPTED_OUT = "opted_out"
# The key is the id of a delivery that somebody called spam.
COMPLAINED = "complained"
_AT_ONCE = 500
# A report may come before the sender could write down that it sent; a sender that died is waited for no more.
_WAIT = timedelta(minutes=5)
# Services repeat themselves for days.
_KEPT = timedelta(days=30)
_WORKS_NOT = {RejectReason.INVALID, RejectReason.BOUNCED}
_STATUSES = {
    # Whatever is wrong with it, this message came back.
    EventType.BOUNCED: DeliveryStatus.BOUNCED,
    EventType.DELIVERED: DeliveryStatus.DELIVERED,
    EventType.COMPLAINED: DeliveryStatus.DELIVERED,
    EventType.UNSUBSCRIBED: DeliveryStatus.DELIVERED,
    EventType.REJECTED: DeliveryStatus.FAILED,
    EventType.FAILED: DeliveryStatus.FAILED,
}


def see_to_reports(_seconds: float) -> int:
    """Do what reports ask for that nobody has seen to yet; how many those were."""
    now = timezone.now()
    with transaction.atomic():
        found = list(
            MailReport.objects.waiting().select_for_update(skip_locked=True).order_by("pk")[:_AT_ONCE]
        )
        done = [one.pk for one in found if _see_to(one, now)]
        MailReport.objects.filter(pk__in=done).update(settled_at=now)
    if done:
        MailReport.objects.filter(settled_at__lt=now - _KEPT).delete()
    return len(done)


def _see_to(report: MailReport, now: datetime) -> bool:
    """Whether there is no more to do for it."""
    delivery = _delivery(report)
    if delivery is None:
        return True
    if delivery.status == DeliveryStatus.LEASED and now < report.received_at + _WAIT:
        return False
    _write_down(delivery, report)
    if report.kind == EventType.COMPLAINED:
        put(COMPLAINED, delivery.tenant_id, [str(delivery.pk)])
    elif report.kind == EventType.UNSUBSCRIBED:
        put(OPTED_OUT, delivery.tenant_id, [delivery.subscriber_id])
    elif report.kind == EventType.BOUNCED and report.reason in _WORKS_NOT:
        put(BOUNCE, delivery.tenant_id, [delivery.subscriber_id])
    return True


def _delivery(report: MailReport) -> Delivery | None:
    """By our own number, or else the service's; never one to another address than the report is about."""
    mine = Delivery.objects.filter(channel=Channel.EMAIL, target_hash=report.target_hash)
    mine = mine.select_for_update()
    if report.delivery_id is not None:
        return mine.filter(pk=report.delivery_id).first()
    if not report.message_id:
        return None
    return mine.filter(provider=report.provider, provider_message_id=report.message_id).first()


def _write_down(delivery: Delivery, report: MailReport) -> None:
    status = _STATUSES.get(report.kind)
    said = "" if status == DeliveryStatus.DELIVERED else report.said or delivery.last_error
    if status is not None and move(delivery, status, report.received_at, last_error=said):
        return
    delivery.reported_at = report.received_at
    if report.kind == EventType.DEFERRED and report.said:
        delivery.last_error = report.said
    delivery.save(update_fields=["reported_at", "last_error"])
