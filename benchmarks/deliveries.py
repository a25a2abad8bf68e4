"""Deliveries that are due, as many as wanted, without whoever would have had to subscribe."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from notifications.choices import DeliveryStatus
from notifications.models import Attempt, Delivery, Notification

PAGE = {"id": "page", "name": "Acme", "url": "https://status.example.org", "time_zone": "UTC"}
FACTS: dict[str, Any] = {
    "page": PAGE,
    "incident": {
        "id": "incident",
        "kind": "incident",
        "name": "API answers slowly",
        "status": "investigating",
        "impact": "major",
        "url": "https://status.example.org/incidents/incident",
        "components": [{"id": str(n), "name": f"API {n}", "status": "major_outage"} for n in range(3)],
    },
    "update": {
        "body": "We are looking into **slow** answers of the API. " * 6,
        "display_at": "2026-11-20T12:00:00+00:00",
    },
}
_CROWD = """
    INSERT INTO public.notifications_delivery
           (notification_id, tenant_id, page_id, subscriber_id, channel, lane, target, target_hash, language,
            time_zone, link_version, settings, status, priority, attempts, attempts_before, next_attempt_at,
            provider, provider_message_id, last_error, created_at)
    SELECT %(notification)s, %(tenant)s, %(page)s, lpad(n::text, 12, 's'), %(channel)s, %(lane)s,
           replace(%(target)s, '#', lpad(n::text, 8, '1')), md5(n::text), 'en', 'UTC', 1, '{}', 'pending',
           0, 0, 0, %(now)s, '', '', '', %(now)s
      FROM generate_series(1, %(size)s) AS n
"""


def crowd(size: int, channel: str, lane: str, target: str, told: Notification | None = None) -> Notification:
    """Exactly so many deliveries, all due, to addresses made of `target` with a number for each `#`.

    Of `told`, or of a notification that stands alone.
    """
    now = timezone.now()
    if told is None:
        Notification.objects.all().delete()
    told = told or Notification.objects.create(
        tenant_id="tenant",
        page_id="page",
        kind="incident.created",
        incident_id="incident",
        facts=FACTS,
        event_at=now,
        created_at=now,
    )
    told.deliveries.all().delete()
    values: dict[str, Any] = {
        "notification": told.pk,
        "tenant": told.tenant_id,
        "page": told.page_id,
        "now": now,
    }
    values |= {"now": now, "size": size, "channel": channel, "lane": lane, "target": target}
    with connection.cursor() as cursor:
        cursor.execute(_CROWD, values)
        cursor.execute("VACUUM ANALYZE public.notifications_delivery")
    return told


def all_accepted(size: int) -> None:
    """Complains unless everybody was told at the first attempt."""
    told, tries = Delivery.objects.all().tally(), Attempt.objects.count()
    assert told == {DeliveryStatus.ACCEPTED: size}, told
    assert tries == size, tries
