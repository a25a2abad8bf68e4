"""What a page's team hears of its subscribers: by mail, of each kind once a day at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction

from common.tenancy import current_tenant_id
from events.actor import SYSTEM
from events.models import Event
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane
from pages.change import NOTIFY, record
from pages.links import team_url
from pages.models import StatusPage
from subscribers.facts import page_facts
from tenants.models import Tenant

AGAIN = timedelta(days=1)
_TEAM = "team"


class Trouble(StrEnum):
    """What is wrong; also the names of the events that tell it."""

    UNREACHABLE = "team.unreachable"
    COMPLAINTS = "team.complaints"
    FEW_CONFIRM = "team.few_confirm"


# Where the team sees to it: below the page's screens.
_SCREENS = {
    Trouble.UNREACHABLE: "subscribers/?state=quarantined",
    Trouble.COMPLAINTS: "subscribers/?state=unsubscribed",
    Trouble.FEW_CONFIRM: "subscribers/?state=unconfirmed",
}


def told_at(page: StatusPage, trouble: Trouble) -> datetime | None:
    """When the team last heard of this; None: never."""
    told = Event.objects.about(_TEAM, page.pk).filter(name=trouble).order_by("-id")
    return told.values_list("at", flat=True).first()


def tell_team(page: StatusPage, trouble: Trouble, said: dict[str, int], now: datetime) -> bool:
    """Note it and have the team told, unless it was within a day; whether it is."""
    with transaction.atomic(durable=True):
        # Of two at once the second sees what the first has told.
        StatusPage.objects.select_for_update(no_key=True).get(pk=page.pk)
        last = told_at(page, trouble)
        if last is not None and now < last + AGAIN:
            return False
        event = record(SYSTEM, trouble, _TEAM, page.pk, _facts(page, trouble, said), page_id=page.pk)
        put(NOTIFY, current_tenant_id(), [str(event.pk)])
        transaction.on_commit(lambda: nudge([Lane.NOTIFY]), robust=True)
    return True


def _facts(page: StatusPage, trouble: Trouble, said: dict[str, int]) -> dict[str, Any]:
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=current_tenant_id())
    return {"page": page_facts(page), "trouble": said | {"url": team_url(slug, page.pk, _SCREENS[trouble])}}
