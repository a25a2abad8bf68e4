"""When a team is asked for its next update on an open incident. Steps take the open change first.

A promise (`next_update_by`) takes the place of the page's interval until it is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Refused
from common.tenancy import current_tenant_id
from events.actor import SYSTEM, ActorKind
from events.models import Event
from incidents.models import Incident
from incidents.steps import Facts, notice_facts
from incidents.steps import record as record_notice
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane
from pages.actions import CADENCE
from pages.change import NOTIFY, Change, record
from pages.links import team_url
from pages.models import StatusPage
from tenants.models import Tenant


class Call(StrEnum):
    """Why the team is asked; also the names of the events that tell it."""

    SOON = "team.update_due_soon"
    OVERDUE = "team.update_overdue"
    SILENT = "team.no_update"


# Rules ---------------------------------------------------------------------------------------------


def next_call(incident: Incident, page: StatusPage, now: datetime) -> tuple[datetime, Call] | None:
    """When the team is asked next, unless it writes before. Calls that were missed count as one."""
    since, promised = incident.reminded_until, incident.next_update_by
    if since is None or not incident.is_watchable:
        return None
    if promised is not None and since < promised:
        soon = promised - timedelta(minutes=page.remind_before)
        is_soon = since < soon < promised and now < promised
        return (soon, Call.SOON) if is_soon else (promised, Call.OVERDUE)
    if not page.remind_after:
        return None
    return since + timedelta(minutes=page.remind_after), Call.SILENT


def check_promise(promised: datetime | None, now: datetime) -> None:
    """Raises Refused for an update that is promised for a time that has passed."""
    if promised is not None and promised <= now:
        message = _("The time by which you promise the next update lies ahead.")
        raise Refused(message, "next_update_by")


# Steps ---------------------------------------------------------------------------------------------


def count_anew(change: Change, incident: Incident) -> None:
    """The team has just written or promised something: it is asked again from now on."""
    incident.reminded_until = change.now
    incident.save(update_fields=["reminded_until"])
    ask(change)


def ask(change: Change) -> None:
    """Have the next call of the page made when it is due. Of the whole page each time: of two that ask at
    once, the later must not put off what the earlier asked for."""
    calls = (next_call(one, change.page, change.now) for one in change.page.incidents.watched())
    times = [call[0] for call in calls if call is not None]
    if times:
        put(CADENCE, current_tenant_id(), [change.page.pk], due_at=min(times))


def call(change: Change, incident: Incident) -> None:
    """Ask the team for an update if it is time. That a promise was not kept stands on the page as well."""
    found = next_call(incident, change.page, change.now)
    if found is None or found[0] > change.now:
        return
    incident.reminded_until = change.now
    # Without `updated_at`: nothing of it was changed that anybody but its team would see.
    incident.save(update_fields=["reminded_until"])
    if found[1] is Call.OVERDUE:
        record_notice(change, "incident.update_overdue", incident)
    if change.page.remind_after or change.page.remind_before:
        _tell_team(change, incident, found[1])


def _tell_team(change: Change, incident: Incident, why: Call) -> None:
    page = change.page
    facts = notice_facts(change, incident) | {"call": _call_facts(change, incident)}
    event = record(SYSTEM, why, "incident", incident.pk, facts, page_id=page.pk)
    put(NOTIFY, current_tenant_id(), [str(event.pk)])
    transaction.on_commit(lambda: nudge([Lane.NOTIFY]), robust=True)


def _call_facts(change: Change, incident: Incident) -> Facts:
    newest = incident.updates.order_by("-created_at").values_list("created_at", flat=True).first()
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=current_tenant_id())
    return {
        "asked_at": change.now.isoformat(),
        "written_at": (newest or incident.created_at).isoformat(),
        "url": team_url(slug, change.page.pk, f"incidents/{incident.pk}/"),
    }


# Reading -------------------------------------------------------------------------------------------


def still_waits(incident_id: str, asked_at: str) -> bool:
    """Whether nothing has been written of an incident, nor its team asked again, since it was asked."""
    asked = datetime.fromisoformat(asked_at)
    return Incident.objects.watched().filter(pk=incident_id, reminded_until=asked).exists()


def writers(incident_id: str) -> list[str]:
    """Ids of the people who wrote of an incident, whoever did last first."""
    updates = Incident.objects.get(pk=incident_id).updates.values_list("pk", flat=True)
    wrote: Any = Event.objects.filter(
        object_type="incident_update", object_id__in=list(updates), actor_kind=ActorKind.USER
    )
    return list(dict.fromkeys(wrote.order_by("-id").values_list("actor_id", flat=True)))
