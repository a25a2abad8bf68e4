"""Messages that are held: published already, not told yet, and so to be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import Refused
from common.tenancy import current_tenant_id
from events.actor import Actor
from events.models import Event
from notifications.models import Notification
from outbox.models import OutboxItem
from outbox.nudge import nudge
from outbox.queue import cancel, move
from outbox.registry import Lane
from pages.change import NOTIFY, record
from pages.models import StatusPage


@dataclass(frozen=True, slots=True)
class Held:
    """The event that nobody is told of before `until`."""

    event: Event
    until: datetime


def held(page: StatusPage, now: datetime) -> list[Held]:
    """What of the page is held, the next to go first."""
    rows = OutboxItem.objects.filter(
        topic=NOTIFY, tenant_id=current_tenant_id(), lease_token=None, due_at__gt=now
    )
    waiting = {int(key): due_at for key, due_at in rows.values_list("key", "due_at")}
    told = Notification.objects.of(current_tenant_id()).filter(event_id__in=waiting)
    events = Event.objects.filter(pk__in=waiting, page_id=page.pk).exclude(
        pk__in=list(told.values_list("event_id", flat=True))
    )
    return sorted((Held(one, waiting[one.pk]) for one in events), key=lambda one: (one.until, one.event.pk))


def hold(page: StatusPage, actor: Actor, event_id: int, until: datetime) -> None:
    """Tell nobody of what is held before `until`; at once, where that is past."""
    with transaction.atomic():
        _check(page, event_id, found=move(NOTIFY, current_tenant_id(), str(event_id), until))
        _record(page, actor, "notification.held", event_id, until=until.isoformat())
        transaction.on_commit(lambda: nudge([Lane.NOTIFY]), robust=True)


def tell_now(page: StatusPage, actor: Actor, event_id: int) -> None:
    """Do not hold it any longer."""
    hold(page, actor, event_id, timezone.now())


def undo(page: StatusPage, actor: Actor, event_id: int) -> None:
    """Tell nobody of it at all. What is published stays."""
    with transaction.atomic():
        _check(page, event_id, found=cancel(NOTIFY, current_tenant_id(), str(event_id)))
        _record(page, actor, "notification.undone", event_id)


def _check(page: StatusPage, event_id: int, *, found: bool) -> None:
    """The row is ours by now, where it was there: nobody begins to expand it meanwhile."""
    if not Event.objects.filter(pk=event_id, page_id=page.pk).exists():
        message = _("There is no such change on this page.")
        raise Refused(message)
    if not found or Notification.objects.of(current_tenant_id()).filter(event_id=event_id).exists():
        message = _("It is too late: its messages are being sent.")
        raise Refused(message)


def _record(page: StatusPage, actor: Actor, name: str, event_id: int, **more: str) -> None:
    record(actor, name, "event", str(event_id), {"event": event_id} | more, page_id=page.pk)
