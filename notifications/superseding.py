"""In a chat and by SMS the newest message of an incident is worth reading, and the last one always is."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from notifications.letters import Letter
from notifications.models import Notification
from subscribers.choices import Channel

BRIEF = [one.value for one in Channel if one not in {Channel.EMAIL, Channel.WEBHOOK}]
# Whoever was told that something began hears that it is over, whatever is said afterwards.
_LAST = [
    "incident.resolved",
    "incident.postmortem_published",
    "maintenance.completed",
    "maintenance.cancelled",
]
_SUPERSEDE = """
    UPDATE public.notifications_delivery AS old
       SET status = 'superseded'
      FROM public.notifications_delivery AS new
     WHERE new.notification_id = %(notification)s AND new.subscriber_id > %(after)s
       AND new.subscriber_id <= %(up_to)s AND new.status = 'pending' AND new.channel = ANY(%(channels)s)
       AND old.notification_id = ANY(%(earlier)s) AND old.subscriber_id = new.subscriber_id
       AND old.status = 'pending'
"""
# What is tried again, or was expanded late, may have been overtaken since.
_OVERTAKEN = """
    SELECT mine.id
      FROM public.notifications_delivery AS mine
      JOIN public.notifications_notification AS told ON told.id = mine.notification_id
     WHERE mine.id = ANY(%(ids)s) AND told.incident_id <> '' AND told.kind <> ALL(%(last)s)
       AND EXISTS (SELECT
                     FROM public.notifications_notification AS later
                     JOIN public.notifications_delivery AS theirs ON theirs.notification_id = later.id
                    WHERE later.tenant_id = told.tenant_id AND later.incident_id = told.incident_id
                      AND later.version > told.version AND theirs.subscriber_id = mine.subscriber_id
                      AND theirs.status IN ('pending', 'leased', 'accepted', 'delivered'))
"""


def supersede(notification: Notification, after: str, up_to: str) -> None:
    """Let the new messages to the subscribers in (after, up to] replace what still waits of the same
    incident. One statement, in the caller's transaction; none where there is nothing earlier."""
    if not notification.incident_id:
        return
    earlier = Notification.objects.of(notification.tenant_id).filter(
        incident_id=notification.incident_id, version__lt=notification.version
    )
    ids = list(earlier.exclude(kind__in=_LAST).values_list("pk", flat=True))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _SUPERSEDE,
            {
                "notification": notification.pk,
                "after": after,
                "up_to": up_to,
                "channels": BRIEF,
                "earlier": ids,
            },
        )


def overtaken(letters: Sequence[Letter]) -> set[int]:
    """Ids of those instead of which a newer message of the same incident goes, or has gone."""
    ids = [one.id for one in letters if one.channel in BRIEF and one.notification.incident_id]
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_OVERTAKEN, {"ids": ids, "last": _LAST})
        return {row[0] for row in cursor.fetchall()}
