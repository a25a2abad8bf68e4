"""Everything that is kept about one person, to be handed over (GDPR, articles 15 and 20)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from common.rows import state
from common.tenancy import current_tenant_id
from events.models import Event, EventOrigin
from notifications.models import Attempt, Delivery, EndpointHealth, Suppression
from subscribers.choices import Channel
from subscribers.models import Subscriber

Said = dict[str, Any]
# What is ours and says nothing about anybody.
_OURS = {"code_hash", "address_hash", "target_hash", "lease_token", "lease_until", "tenant_id"}


def dossier(subscriber: Subscriber) -> Said:
    """Of whoever has this address: their subscriptions to every page of the organisation, machines they look
    after, each message with its attempts, and what the log says of them. JSON-ready."""
    tenant_id = current_tenant_id()
    rows = list(_theirs(subscriber))
    ids = [row.pk for row in rows]
    deliveries = Delivery.objects.of(tenant_id).filter(subscriber_id__in=ids).select_related("notification")
    events = Event.objects.filter(object_type="subscriber", object_id__in=ids)
    health = EndpointHealth.objects.of(tenant_id).filter(subscriber_id__in=ids)
    barred = Suppression.objects.of(tenant_id).filter(target_hash__in={row.address_hash for row in rows})
    return {
        "exported_at": timezone.now().isoformat(),
        "subscriptions": [_subscription(row) for row in rows],
        "messages": [_message(one) for one in deliveries.prefetch_related("tries").order_by("pk")],
        "events": [_event(one) for one in events.order_by("pk")],
        "origins": _origins(events),
        "addresses_not_written_to": [_said(one) for one in barred],
        "machines": [_said(one) for one in health],
    }


def _theirs(subscriber: Subscriber) -> Any:
    mine = Q(channel=subscriber.channel, address_hash=subscriber.address_hash)
    mail = subscriber.address if subscriber.channel == Channel.EMAIL else subscriber.contact
    if mail:
        mine |= Q(contact__iexact=mail)
    rows = Subscriber.objects.filter(mine).select_related("page").order_by("created_at", "pk")
    return rows.prefetch_related("components", "groups")


def _subscription(row: Subscriber) -> Said:
    chosen = {"components": [one.name for one in row.components.all()]}
    chosen["groups"] = [one.name for one in row.groups.all()]
    return {"page": row.page.name} | _said(row) | chosen


def _message(delivery: Delivery) -> Said:
    told = {"kind": delivery.notification.kind, "told": delivery.notification.facts}
    return _said(delivery) | told | {"attempts_made": [_said(one) for one in _tries(delivery)]}


def _tries(delivery: Delivery) -> list[Attempt]:
    return list(delivery.tries.all())


def _event(event: Event) -> Said:
    return {"id": event.pk, "name": event.name, "at": event.at.isoformat(), "facts": event.facts}


def _origins(events: Any) -> list[Said]:
    found = EventOrigin.objects.filter(event_id__in=events.values("pk")).order_by("pk")
    return [_said(one) for one in found]


def _said(row: Any) -> Said:
    return {name: value for name, value in state(row).items() if name not in _OURS}
