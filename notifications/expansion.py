"""From an event to one delivery for each recipient: `INSERT … SELECT` in keyset steps.

The checkpoint moves in the step's own transaction, so a process that dies repeats nothing and skips nobody.
Runs in the tenant's schema.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from common.tenancy import current_tenant_id
from events.models import Event
from notifications.audience import concerns_nobody, criteria
from notifications.choices import FOR_OWNER, OF_ADDRESS, PERSONAL, TEAM, DeliveryLane
from notifications.hours import DUE_AT, SETTINGS, urgency
from notifications.models import Notification
from notifications.present import still_told
from notifications.superseding import supersede
from notifications.team import tell_team
from outbox.nudge import nudge
from outbox.registry import SENDING, Claimed, Later
from pages.models import StatusPage
from subscribers.addresses import address_hash
from subscribers.choices import Channel
from subscribers.facts import page_facts
from subscribers.models import Subscriber
from tenants.models import Tenant

STEP = 5_000
_SLICE = 2.0
# The lanes of channels; every other channel is in the lane of chat.
_LANES = json.dumps({Channel.EMAIL: DeliveryLane.EMAIL, Channel.SMS: DeliveryLane.SMS})

# Who of those with a scope is concerned, as `_WANTED` goes on to ask.
_SCOPES = {
    "page": "true",
    "incident": "s.incident_id = %(incident)s",
    "components": """(%(whole_page)s
          OR EXISTS (SELECT FROM subscribers_subscriber_components AS c
                      WHERE c.subscriber_id = s.id AND c.component_id = ANY(%(components)s))
          OR EXISTS (SELECT FROM subscribers_subscriber_groups AS g
                       JOIN components_component AS c ON c.group_id = g.componentgroup_id
                      WHERE g.subscriber_id = s.id AND c.id = ANY(%(components)s)))""",
}
_WANTED = """
    s.state = 'active' AND s.since_version < %(version)s
    AND CASE WHEN %(is_maintenance)s THEN s.wants_maintenance ELSE s.wants_incidents END
    AND s.min_impact = ANY(%(impacts)s)
    AND s.channel = ANY(%(channels)s) AND s.id <> ALL(%(told)s)
    AND CASE WHEN s.channel = 'sms'
                  AND NOT (SELECT sms_every_update FROM pages_statuspage AS p WHERE p.id = s.page_id)
             THEN %(by_sms)s ELSE %(edge)s OR s.cadence = 'all' END
"""
_CONCERNED = (
    f"{_WANTED} AND CASE s.scope {' '.join(f'WHEN {one!r} THEN {who}' for one, who in _SCOPES.items())} END"
)
# A message to one person, such as the one that asks for confirmation. What is about a machine's address goes
# to its owner by mail, where it has one that is known.
_PERSON = """
    s.id = %(subscriber)s
    AND CASE WHEN %(for_owner)s THEN s.contact <> '' ELSE s.state IN ('unconfirmed', 'active') END
"""
_BARRED = """
    EXISTS (SELECT FROM public.notifications_suppression AS x
             WHERE x.channel = way AND x.target_hash = addressed.target_hash
               AND (x.tenant_id IS NULL OR x.tenant_id = %(tenant)s))
"""
# Each scope by itself: an index alone tells how many want to hear of the whole page. Then without the barred.
_OF_SCOPE = """
    SELECT s.channel AS way, count(*) AS number FROM subscribers_subscriber AS s
     WHERE s.page_id = %(page)s AND s.scope = '{scope}' AND {wanted} AND {who} GROUP BY way
"""
_EACH_SCOPE = " UNION ALL ".join(
    _OF_SCOPE.format(scope=scope, wanted=_WANTED, who=who) for scope, who in _SCOPES.items()
)
_COUNT = """
    SELECT way, sum(number)::int FROM (
        {each_scope}
        UNION ALL
        SELECT s.channel, -count(DISTINCT s.id)
          FROM public.notifications_suppression AS x
          JOIN subscribers_subscriber AS s ON s.channel = x.channel AND s.address_hash = x.target_hash
         WHERE s.page_id = %(page)s AND (x.tenant_id IS NULL OR x.tenant_id = %(tenant)s) AND {concerned}
         GROUP BY s.channel
    ) AS counted GROUP BY way HAVING sum(number) > 0 ORDER BY way
"""
_INSERT = """
    WITH step AS MATERIALIZED (
        SELECT s.*, %(of_address)s AND s.contact <> '' AS by_mail FROM subscribers_subscriber AS s
         WHERE s.page_id = %(page)s AND s.id > %(checkpoint)s AND {who}
         ORDER BY s.id LIMIT %(step)s
    ), addressed AS (
        SELECT step.*,
               CASE WHEN by_mail THEN 'email' ELSE channel END AS way,
               CASE WHEN by_mail THEN contact ELSE address END AS target,
               CASE WHEN by_mail THEN %(contact_hash)s ELSE address_hash END AS target_hash,
               {due_at} AS due_at
          FROM step
    ), made AS (
        INSERT INTO public.notifications_delivery
               (notification_id, tenant_id, page_id, subscriber_id, channel, lane, target, target_hash,
                language, time_zone, link_version, settings, status, priority, attempts, attempts_before,
                next_attempt_at, provider, provider_message_id, last_error, created_at)
        SELECT %(notification)s, %(tenant)s, page_id, id, way,
               coalesce(%(lane)s, %(lanes)s::jsonb ->> channel, 'chat'), target, target_hash,
               language, time_zone, token_version, {settings},
               CASE WHEN {barred} THEN 'suppressed' ELSE 'pending' END,
               0, 0, 0, due_at, '', '', '', %(now)s
          FROM addressed
        ON CONFLICT (notification_id, subscriber_id) DO NOTHING
    )
    SELECT max(id), count(*) FROM step
"""


def expand(item: Claimed) -> None:
    """Handler of the topic "notify", whose key is an event's id. Safe to be called again at any point."""
    # Whoever deletes an organisation tells nobody any more.
    if not Tenant.objects.present().filter(pk=item.tenant_id).exists():
        return
    notification = _notification(int(item.key))
    if notification is None:
        return
    until = time.monotonic() + _SLICE
    while _step(notification.pk):
        nudge(SENDING)
        if time.monotonic() > until:
            raise Later(timedelta())


def _notification(event_id: int) -> Notification | None:
    """The event's own, made on first sight; None for an event whose facts have been redacted."""
    event = Event.objects.get(pk=event_id)
    if event.facts is None or event.page_id is None:
        return None
    mine = Notification.objects.of(current_tenant_id()).filter(event_id=event_id)
    if not mine.exists():
        Notification.objects.bulk_create([drafted(event)], ignore_conflicts=True)
    return mine.get()


def _told(event: Event) -> dict[str, Any]:
    """The event's facts; those of a component say nothing of its page, and so get that."""
    facts: dict[str, Any] = event.facts or {}
    if event.object_type != "component":
        return facts
    return {"component": facts, "page": page_facts(StatusPage.objects.get(pk=event.page_id))}


def drafted(event: Event) -> Notification:
    """The notification of an event of a page, as it would be made, unsaved."""
    incident = (event.facts or {}).get("incident") or {}
    return Notification(
        tenant_id=current_tenant_id(),
        event_id=event.pk,
        page_id=event.page_id or "",
        kind=event.name,
        incident_id=incident.get("id", ""),
        facts=_told(event),
        version=event.version,
        event_at=event.at,
        created_at=timezone.now(),
    )


def recipients(notification: Notification) -> dict[str, int]:
    """How many subscribers on each channel an expansion would find that may be written to."""
    facts = still_told(notification.page_id, notification.facts)
    return {} if facts is None else counted(notification, facts)


def counted(notification: Notification, facts: dict[str, Any]) -> dict[str, int]:
    """The same of `facts` that may still be told."""
    if concerns_nobody(facts):
        return {}
    values = {"page": notification.page_id, "tenant": notification.tenant_id, "version": notification.version}
    with connection.cursor() as cursor:
        statement = _COUNT.format(each_scope=_EACH_SCOPE, concerned=_CONCERNED)
        cursor.execute(statement, values | criteria(notification.kind, facts))
        return dict(cursor.fetchall())


def _step(notification_id: int) -> bool:
    """Make the next deliveries; whether there may be more."""
    now = timezone.now()
    with transaction.atomic():
        # Whoever withdraws a leaver's messages waits for this lock, and so sees those of this step.
        notification = Notification.objects.select_for_update().get(pk=notification_id)
        if notification.expanded_at is not None:
            return False
        facts = still_told(notification.page_id, notification.facts)
        # Sending reads them as well.
        notification.facts = facts or notification.facts
        last, found = _insert(notification, now) if facts else (None, 0)
        if last:
            supersede(notification, notification.checkpoint, last)
        notification.checkpoint = last or notification.checkpoint
        notification.recipients += found
        if found < STEP:
            notification.expanded_at = now
        notification.save(update_fields=["facts", "checkpoint", "recipients", "expanded_at"])
    return found == STEP


def _insert(notification: Notification, now: datetime) -> tuple[str | None, int]:
    """The last subscriber id that the step passed (None where it found nobody), and how many it found."""
    if notification.kind.startswith(TEAM):
        return None, tell_team(notification, now)
    personal = notification.kind.startswith(PERSONAL)
    if not personal and concerns_nobody(notification.facts):
        return None, 0
    values: dict[str, Any] = {
        "notification": notification.pk,
        "tenant": notification.tenant_id,
        "page": notification.page_id,
        "version": notification.version,
        "checkpoint": notification.checkpoint,
        "step": STEP,
        "now": now,
        "lane": DeliveryLane.CRITICAL if personal else None,
        "lanes": _LANES,
        "of_address": notification.kind in OF_ADDRESS,
        "contact_hash": "",
    }
    values |= urgency(notification.facts, personal=personal)
    if personal:
        values |= _person(notification)
    else:
        values |= criteria(notification.kind, notification.facts)
    return _inserted(values, _PERSON if personal else _CONCERNED)


def _person(notification: Notification) -> dict[str, Any]:
    subscriber_id = notification.facts["subscriber"]["id"]
    contact = Subscriber.objects.filter(pk=subscriber_id).values_list("contact", flat=True).first()
    return {
        "subscriber": subscriber_id,
        "for_owner": notification.kind in FOR_OWNER,
        "contact_hash": address_hash(Channel.EMAIL, contact) if contact else "",
    }


def _inserted(values: dict[str, Any], who: str) -> tuple[str | None, int]:
    with connection.cursor() as cursor:
        statement = _INSERT.format(who=who, barred=_BARRED, due_at=DUE_AT, settings=SETTINGS)
        cursor.execute(statement, values)
        last, found = cursor.fetchone()
    return last, found
