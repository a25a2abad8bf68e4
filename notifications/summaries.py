"""Mail that waited too long, as through an outage of the mail server, or because its recipient wanted it so,
goes as one summary a subscriber.

The newest of what is due speaks for the others, which are superseded: nobody gets ten mails about yesterday,
and of each incident the last word is told.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from notifications.choices import PERSONAL, DeliveryLane, DeliveryStatus
from notifications.hours import PUT_OFF
from notifications.letters import Letter
from notifications.models import Delivery, Notification
from notifications.wording import SUMMARY
from subscribers.choices import Channel

_MERGE = """
    UPDATE public.notifications_delivery AS d
       SET summarises = CASE WHEN said.ids IS NULL THEN d.summarises ELSE said.ids::jsonb END,
           status = CASE WHEN said.ids IS NULL THEN 'superseded' ELSE d.status END,
           attempts = d.attempts - (said.ids IS NULL AND d.status = 'leased')::int,
           lease_token = CASE WHEN said.ids IS NULL THEN NULL ELSE d.lease_token END,
           lease_until = CASE WHEN said.ids IS NULL THEN NULL ELSE d.lease_until END
      FROM unnest(%(deliveries)s::bigint[], %(ids)s::text[]) AS said (id, ids)
     WHERE d.id = said.id
"""


def merge(token: uuid.UUID, letters: Sequence[Letter], now: datetime) -> list[Letter]:
    """Where mail among `letters` has waited too long, let the newest that is due to the same subscriber speak
    for all of it. What is left to send of the letters."""
    whose = {(one.tenant_id, one.subscriber_id) for one in letters if _is_stale(one, now)}
    if not whose:
        return list(letters)
    with transaction.atomic():
        merged = _merged(_due(token, whose, now))
        _write(merged)
    told = Notification.objects.in_bulk({pk for ids in merged.values() for pk in ids or ()})
    return [
        replace(one, earlier=tuple(told[pk] for pk in merged.get(one.id) or ()) or one.earlier)
        for one in letters
        if merged.get(one.id, ()) is not None
    ]


def spoken(letter: Letter) -> Letter:
    """The letter with what it says: a summary's notification is made up of those that it speaks for."""
    if not letter.earlier:
        return letter
    newest = letter.notification
    every = [*letter.earlier, newest]
    by_incident = {one.incident_id: one for one in every}
    told = [{"kind": one.kind, "facts": one.facts} for one in reversed(by_incident.values())]
    summary = Notification(
        # Messages are rendered once for each: those that speak for the same have the same.
        pk=-abs(hash(tuple(one.pk for one in every))),
        tenant_id=newest.tenant_id,
        page_id=newest.page_id,
        kind=SUMMARY,
        facts={"page": newest.facts["page"], "told": told},
        event_at=newest.event_at,
        created_at=newest.created_at,
    )
    return replace(letter, notification=summary)


def _is_stale(letter: Letter, now: datetime) -> bool:
    """Messages to one person, such as the one that asks for confirmation, have no summary."""
    told = letter.notification
    is_mail = letter.channel == Channel.EMAIL and not told.kind.startswith(PERSONAL)
    late = told.event_at < now - settings.MAIL_SUMMARY_AFTER
    return is_mail and (late or PUT_OFF in letter.settings)


def _due(token: uuid.UUID, whose: Collection[tuple[str, str]], now: datetime) -> list[Delivery]:
    """Those subscribers' mail that could go now, the older first; locked."""
    free = Q(status=DeliveryStatus.PENDING, next_attempt_at__lte=now)
    mine = Q(status=DeliveryStatus.LEASED, lease_token=token)
    rows = Delivery.objects.select_for_update(of=["self"], skip_locked=True).filter(
        free | mine,
        lane=DeliveryLane.EMAIL,
        channel=Channel.EMAIL,
        tenant_id__in={tenant for tenant, _ in whose},
        subscriber_id__in={subscriber for _, subscriber in whose},
    )
    found = rows.order_by("tenant_id", "subscriber_id", "notification__event_at", "notification_id")
    return [one for one in found if (one.tenant_id, one.subscriber_id) in whose]


def _merged(rows: Iterable[Delivery]) -> dict[int, list[int] | None]:
    """By delivery: the notifications that it speaks for as well, None where another speaks for it."""
    merged: dict[int, list[int] | None] = {}
    for _whose, theirs in groupby(rows, key=lambda one: (one.tenant_id, one.subscriber_id)):
        *older, newest = theirs
        if older:
            merged |= {one.pk: None for one in older}
            earlier = [pk for one in older for pk in (*one.summarises, one.notification_id)]
            merged[newest.pk] = [*earlier, *newest.summarises]
    return merged


def _write(merged: Mapping[int, list[int] | None]) -> None:
    values: dict[str, Any] = {
        "deliveries": list(merged),
        "ids": [json.dumps(ids) if ids is not None else None for ids in merged.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, values)
