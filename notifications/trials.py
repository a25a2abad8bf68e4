"""The verb that sends a test."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.counters import Limit, count
from common.errors import Refused
from common.ids import new_id
from common.tenancy import current_tenant_id
from events.actor import Actor
from notifications.choices import DeliveryLane
from notifications.models import Delivery, Notification
from notifications.samples import KINDS, sample
from notifications.signing import SIGNS_AS
from outbox.nudge import nudge
from outbox.registry import Lane
from pages.change import record
from pages.models import StatusPage
from subscribers.addresses import address_hash, normal
from subscribers.choices import Channel
from subscribers.models import Subscriber

_HOUR = 3600


def send_test(
    page: StatusPage, channel: str, address: str, kind: str, actor: Actor, language: str = ""
) -> Delivery:
    """Send one message of `kind`, made and sent like a real one and marked as a test, to `address`.

    Nobody is subscribed by it, so its links lead to nobody; where a webhook of the page has that address, its
    secret signs the test. Raises Refused for an address that can be none and a kind that is none, and as
    `counters.count`.
    """
    if kind not in KINDS:
        raise Refused(_("There is no such message."), "kind")
    target = normal(channel, address)
    tenant_id = current_tenant_id()
    count([Limit("tests", tenant_id, 60, _HOUR), Limit("address", target.casefold(), 5, _HOUR)])
    with translation.override(language or page.language), transaction.atomic(durable=True):
        delivery = _put(page, tenant_id, channel, target, kind)
        said = {"channel": channel, "kind": kind, "delivery_id": delivery.pk}
        record(
            actor,
            "notification.test_sent",
            "notification",
            str(delivery.notification_id),
            said,
            page_id=page.pk,
        )
        transaction.on_commit(lambda: nudge([Lane.CRITICAL]), robust=True)
    return delivery


def _put(page: StatusPage, tenant_id: str, channel: str, target: str, kind: str) -> Delivery:
    """Step: the notification, for nobody who is known, and its only delivery."""
    now, nobody = timezone.now(), new_id()
    notification = Notification.objects.create(
        tenant_id=tenant_id,
        page_id=page.pk,
        kind=kind,
        facts=sample(page, kind, nobody, now),
        event_at=now,
        created_at=now,
        expanded_at=now,
        recipients=1,
    )
    return Delivery.objects.create(
        notification=notification,
        tenant_id=tenant_id,
        page_id=page.pk,
        subscriber_id=nobody,
        channel=channel,
        lane=DeliveryLane.CRITICAL,
        target=target,
        target_hash=address_hash(channel, target),
        language=translation.get_language(),
        time_zone=page.time_zone,
        settings=_signing(page, channel, target),
        link_version=1,
        next_attempt_at=now,
        created_at=now,
    )


def _signing(page: StatusPage, channel: str, target: str) -> dict[str, Any]:
    """How a real message to this address would be signed."""
    if channel != Channel.WEBHOOK:
        return {}
    known = Subscriber.objects.of_page(page.pk).at(channel, target).first()
    return known.settings | {SIGNS_AS: known.pk} if known else {}
