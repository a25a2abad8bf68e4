"""What a webhook is told: Statuspage's payload, made once for each notification of a batch.

From the facts, and for an incident's earlier updates and its components' other fields from their rows, as
they may be seen now.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.crypto import salted_hmac

from common.instants import optional, utc
from common.tenancy import in_tenant
from components.indicator import indicator
from components.models import Component
from components.shape import component_shape
from incidents.models import Incident, IncidentUpdate
from incidents.shape import incident_shape, update_shape
from notifications.audience import shown_components
from notifications.letters import Letter
from notifications.models import Notification
from notifications.wording import asks
from pages.models import StatusPage
from subscribers.links import leave_url

Shape = dict[str, Any]

_DOCUMENTATION = "/about#webhooks"
# Eight queries take as long as telling fifty machines.
_FRESH = 1.0
_SHORT = [
    "status",
    "name",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "id",
    "page_id",
]
_SHORT += ["group_id"]


@dataclass(frozen=True, slots=True)
class _Late:
    notification: Notification | None = None
    facts: Shape = field(default_factory=dict)
    common: bytes = b""
    until: float = 0.0


_late = _Late()


def challenge(letter: Letter) -> str:
    """What a machine has to repeat to say that it wants to be told, the same at every attempt; empty for a
    message that asks nothing."""
    if not asks(letter.notification.kind):
        return ""
    return salted_hmac("notifications.challenge", f"{letter.subscriber_id}.{letter.link_version}").hexdigest()


class Payloads:
    """What all recipients of a notification have in common is written once a batch, and for a crowd of many
    batches once in `_FRESH` seconds."""

    def __init__(self) -> None:
        self._common: dict[int, bytes] = {}

    def of(self, letter: Letter) -> bytes:
        notification = letter.notification
        common = self._common.get(notification.pk)
        if common is None:
            common = self._common[notification.pk] = _common_of_late(notification)
        page_url = notification.facts["page"]["url"]
        leave = leave_url(page_url, letter.page_id, letter.subscriber_id, letter.link_version)
        own = b'{"meta":{"unsubscribe":' + _written(leave)
        if asked := challenge(letter):
            own += b',"challenge":' + _written(asked)
        return own + common


def _common_of_late(notification: Notification) -> bytes:
    """As `_common` said it a moment ago."""
    global _late  # noqa: PLW0603 a crowd is told of one thing at a time
    late, now = _late, time.monotonic()
    if late.until < now or late.notification != notification or late.facts != notification.facts:
        _late = late = _Late(notification, notification.facts, _common(notification), now + _FRESH)
    return late.common


def _common(notification: Notification) -> bytes:
    """What follows on what is a recipient's own in `meta`."""
    meta = {
        "documentation": notification.facts["page"]["url"] + _DOCUMENTATION,
        "generated_at": utc(notification.created_at),
        "event": notification.kind,
    }
    return b"," + _written(meta)[1:] + b"," + _written(_payload(notification))[1:]


def _payload(notification: Notification) -> Shape:
    with in_tenant(notification.tenant_id):
        page = StatusPage.objects.get(pk=notification.page_id)
        line = {"page": _page(page, notification)}
        if "shape" in notification.facts:
            return line | dict(notification.facts["shape"])
        if "subscriber" in notification.facts:
            return line | _subscription(notification)
        if "component" in notification.facts:
            return line | _component(notification)
        return line | {"incident": _incident(page, notification)}


def _page(page: StatusPage, notification: Notification) -> Shape:
    statuses = page.components.public().with_status().values_list("status", flat=True)
    word, sentence = indicator(list(statuses), [page.open_impact] if page.open_impact else [])
    return {"id": page.pk, "status_indicator": word.value, "status_description": sentence}


def _subscription(notification: Notification) -> Shape:
    """With what is open now, where it has just been confirmed."""
    said = notification.facts["subscriber"]
    names = ("id", "name", "status", "impact", "body")
    opened = [
        {name: one[name] for name in names} | {"shortlink": one["url"]}
        for one in notification.facts.get("open", [])
    ]
    return {"subscription": {"id": said["id"], "state": said["state"]}, "incidents": opened}


def _component(notification: Notification) -> Shape:
    said = notification.facts["component"]
    component = Component.objects.get(pk=said["id"])
    return {
        "component": _short(component_shape(component, said["status"], utc)),
        "component_update": {
            "old_status": said["old_status"],
            "new_status": said["status"],
            "created_at": utc(notification.event_at),
            "component_type": "Component",
            "id": str(notification.event_id),
            "component_id": component.pk,
        },
    }


def _incident(page: StatusPage, notification: Notification) -> Shape:
    """With the words of the facts: what the notice was called and where it stood when this happened."""
    said = notification.facts["incident"]
    incident = _loaded(said["id"])
    shown = {one["id"]: one["status"] for one in shown_components(notification.facts)}
    components = [
        _short(component_shape(link.component, shown[link.component_id], utc))
        for link in incident.links.all()
        if link.component_id in shown
    ]
    shape = incident_shape(incident, _updates(incident, notification, shown), components, utc, said["url"])
    return shape | _then(said) | _of_original(incident)


def _loaded(incident_id: str) -> Incident:
    rows = Incident.objects.select_related("window", "postmortem").prefetch_related(
        "links__component", "updates__affected__component__group"
    )
    return rows.get(pk=incident_id)


def _updates(incident: Incident, notification: Notification, shown: Iterable[str]) -> list[Shape]:
    """Newest first, without those that were written after this happened."""
    visible = set(shown)
    return [
        update_shape(update, [one for one in update.affected.all() if one.component_id in visible], utc)
        for update in incident.updates.all()
        if _is_before(update, notification)
    ]


def _is_before(update: IncidentUpdate, notification: Notification) -> bool:
    return update.created_at <= notification.event_at


def _then(said: Shape) -> Shape:
    return {"name": said["name"], "status": said["status"], "impact": said["impact"]} | {
        name: _instant(said.get(name)) for name in ("monitoring_at", "resolved_at")
    }


def _of_original(incident: Incident) -> Shape:
    """What else the original sends. What we have no such thing as is what it says of that."""
    postmortem, window = getattr(incident, "postmortem", None), getattr(incident, "window", None)
    published = postmortem.published_at if postmortem else None
    return {
        "backfilled": incident.backfilled,
        "impact_override": incident.impact_override,
        "postmortem_body": postmortem.body if postmortem and published else None,
        "postmortem_body_last_updated_at": optional(utc, postmortem.updated_at) if postmortem else None,
        "postmortem_published_at": optional(utc, published),
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": published is not None,
        "postmortem_notified_twitter": False,
        "scheduled_for": optional(utc, window.scheduled_for) if window else None,
        "scheduled_until": optional(utc, window.scheduled_until) if window else None,
        "scheduled_remind_prior": bool(window and window.reminders),
        "scheduled_auto_in_progress": bool(window and window.auto_start),
        "scheduled_auto_completed": bool(window and window.auto_complete),
    }


def _short(shape: Shape) -> Shape:
    return {name: shape[name] for name in _SHORT}


def _instant(said: str | None) -> str | None:
    return utc(datetime.fromisoformat(said)) if said else None


_written_as = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _written(value: Shape | str) -> bytes:
    return _written_as(value).encode()
