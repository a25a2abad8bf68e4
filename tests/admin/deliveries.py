"""Messages as they are after a while, without anything having been sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from common.tenancy import current_tenant_id
from notifications.models import Attempt, Delivery, Notification
from pages.models import StatusPage
from subscribers.addresses import address_hash
from subscribers.models import Subscriber


def told(page: StatusPage, name: str = "API is slow", **more: Any) -> Notification:
    now = timezone.now()
    facts = {"incident": {"id": "inc000000001", "name": name}}
    values = {
        "kind": "incident.created",
        "facts": facts,
        "event_at": now,
        "created_at": now,
        "expanded_at": now,
    }
    return Notification.objects.create(tenant_id=current_tenant_id(), page_id=page.pk, **values | more)


def delivered(
    page: StatusPage,
    subscriber: Subscriber,
    notification: Notification | None = None,
    *,
    age: timedelta = timedelta(),
    **more: Any,
) -> Delivery:
    """One to `subscriber`, given up after ten attempts unless `more` says otherwise."""
    at = timezone.now() - age
    values = {"status": "dead", "attempts": 10, "last_error": "SMTPServerDisconnected"} | more
    delivery = Delivery.objects.create(
        notification=notification or told(page),
        tenant_id=current_tenant_id(),
        page_id=page.pk,
        subscriber_id=subscriber.pk,
        channel="email",
        lane="email",
        target=subscriber.address,
        target_hash=address_hash("email", subscriber.address),
        language="en",
        link_version=subscriber.token_version,
        next_attempt_at=at,
        created_at=at,
        **values,
    )
    times = {"began_at": at, "ended_at": at + timedelta(seconds=1)}
    Attempt.objects.create(
        delivery=delivery,
        tenant_id=delivery.tenant_id,
        number=1,
        status="pending",
        code=451,
        response="4.7.1 Greylisted, come back later",
        **times,
    )
    return delivery
