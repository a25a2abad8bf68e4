"""Sending again what a webhook, or whatever else a subscriber is, did not take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from api.operations import Call, Takes, operation
from api.schema.replays import Replayed, ReplayInput
from common.tenancy import current_tenant_id
from notifications.actions import replay
from notifications.models import Delivery
from pages.models import StatusPage
from subscribers.models import Subscriber
from tenants.models import Role, Scope

_MOST = 1_000
_USUAL = timedelta(days=7)


@operation(
    "POST",
    "pages/{page_id}/subscribers/{subscriber_id}/replay",
    Scope.SUBSCRIBERS,
    Role.EDITOR,
    takes=Takes(ReplayInput),
    gives=Replayed,
)
def replay_messages(call: Call, page: StatusPage, subscriber_id: str) -> Any:
    """Send again what was given up of a subscriber's messages, a thousand at most: the same messages, so that
    who got one already knows it by its id."""
    found = Subscriber.objects.of_page(page.pk).get(pk=subscriber_id)
    since = call.data.get("since") or call.now - _USUAL
    ended = Delivery.objects.of(current_tenant_id()).ended().filter(page_id=page.pk, subscriber_id=found.pk)
    rows = ended.filter(notification__event_at__gte=since).order_by("-pk")
    return {"replayed": replay(list(rows.values_list("pk", flat=True)[:_MOST]))}
