"""What the verbs on maintenance share. Steps take the open change first; nothing here opens one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add
from common.rows import change as change_row
from common.tenancy import current_tenant_id
from components.choices import ComponentStatus
from components.status import check, say, take_back
from incidents.choices import Impact, IncidentKind, IncidentStatus
from incidents.models import (
    Incident,
    IncidentComponent,
    IncidentUpdate,
    MaintenanceSeries,
    MaintenanceWindow,
    WindowOptions,
)
from incidents.steps import Words, end_statements, locked, record, speaker, update_facts, write_update
from incidents.stock import CANCELLED
from outbox.queue import put
from pages.change import Change

MAINTENANCE = "maintenance"
OPTIONS = frozenset(column.name for column in WindowOptions._meta.fields)
TIMES = frozenset({"scheduled_for", "scheduled_until"})
NOTICE_FIELDS = frozenset({"name", "impact_override", "metadata"})
_LONGEST_NOTICE = 30 * 24 * 60
_MOST_REMINDERS = 5
UNDERWAY = frozenset({IncidentStatus.IN_PROGRESS, IncidentStatus.VERIFYING})
_MAINTAINED = ComponentStatus.UNDER_MAINTENANCE.value


@dataclass(frozen=True, slots=True)
class Plan:
    """A maintenance as it is asked for. `components`: ids; `options`: of OPTIONS and NOTICE_FIELDS."""

    name: str
    scheduled_for: datetime
    scheduled_until: datetime
    components: Collection[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    series: MaintenanceSeries | None = None
    # The start that the series gave it, local and ISO.
    occurrence: str = ""


class Due(IntEnum):
    """What a maintenance does by itself, in the order of doing it where several are due."""

    START = 1
    COMPLETE = 2
    REMIND = 3


# Writing -------------------------------------------------------------------------------------------


def locked_maintenance(change: Change, incident: Incident) -> Incident:
    """The page's own row as it is now. Raises Refused where it is an incident or deleted."""
    found = locked(change, incident)
    if found.kind != IncidentKind.MAINTENANCE:
        message = _("This is an incident: use its own verbs.")
        raise Refused(message)
    return found


def plan(change: Change, asked: Plan) -> Incident:
    """Add a maintenance, its window and its components, as yet without an update or any effect."""
    incident = drawn_plan(change, asked)
    window = incident.window
    add(incident)
    incident.window = add(window)
    attach(change, incident, asked.components)
    return incident


def drawn_plan(change: Change, asked: Plan) -> Incident:
    """A maintenance and its window as they would be added. Raises Refused."""
    check_span(asked.scheduled_for, asked.scheduled_until)
    check_options(asked.options)
    incident = Incident(
        page=change.page,
        kind=IncidentKind.MAINTENANCE,
        name=asked.name,
        status=IncidentStatus.SCHEDULED,
        impact=Impact.MAINTENANCE,
        started_at=asked.scheduled_for,
        created_at=change.now,
        updated_at=change.now,
        **{name: value for name, value in asked.options.items() if name in NOTICE_FIELDS},
    )
    incident.window = _drawn_window(change, incident, asked)
    return incident


def _drawn_window(change: Change, incident: Incident, asked: Plan) -> MaintenanceWindow:
    options = {name: value for name, value in asked.options.items() if name in OPTIONS}
    return MaintenanceWindow(
        incident=incident,
        scheduled_for=asked.scheduled_for,
        scheduled_until=asked.scheduled_until,
        series=asked.series,
        occurrence=asked.occurrence,
        # Whoever is told of the maintenance now need not be reminded of it now.
        reminded_until=change.now,
        **options,
    )


def reschedule(change: Change, incident: Incident, values: Mapping[str, Any]) -> bool:
    """Change times and options; whether anything differs. Reminders count anew from now."""
    window = incident.window
    check_span(
        values.get("scheduled_for", window.scheduled_for),
        values.get("scheduled_until", window.scheduled_until),
    )
    check_options(values)
    changed = change_row(window, values, change.now, OPTIONS | TIMES)
    if {"scheduled_for", "reminders"} & set(changed):
        change_row(window, {"reminded_until": change.now}, change.now, {"reminded_until"})
    if "scheduled_for" in changed:
        change_row(incident, {"started_at": window.scheduled_for}, change.now, {"started_at"})
    return bool(changed)


def attach(change: Change, incident: Incident, components: Collection[str]) -> bool:
    """Replace the components that it is about; whether they differ. While it runs, they follow at once."""
    check(change, dict.fromkeys(components))
    former = set(incident.links.values_list("component_id", flat=True))
    gone, new = former - set(components), sorted(set(components) - former)
    if gone:
        take_back(change, speaker(incident), only=gone)
        incident.links.filter(component_id__in=gone).delete()
    status = _MAINTAINED if incident.status in UNDERWAY and incident.window.to_maintenance else None
    IncidentComponent.objects.bulk_create(
        IncidentComponent(incident=incident, component_id=one, status=status) for one in new
    )
    if status:
        say(change, speaker(incident), dict.fromkeys(new, status))
    return bool(gone or new)


def begin(change: Change, incident: Incident, words: Words, *, at: datetime | None = None) -> IncidentUpdate:
    """It is under way, since `at` (now, unless told otherwise); its components go under maintenance."""
    at = at or change.now
    _set(incident, change, status=words.status, started_at=at)
    said = {one: status for one, status in words.components.items() if status is not None}
    components = maintained(incident, words.components) | said
    return write_update(change, incident, replace(words, components=components), since=at)


def maintained(incident: Incident, more: Collection[str] = ()) -> dict[str, str | None]:
    """What this maintenance makes of its components, and of `more` ids, while it is under way."""
    present = incident.links.filter(component__deleted_at=None).values_list("component_id", flat=True)
    return dict.fromkeys([*present, *more], _MAINTAINED if incident.window.to_maintenance else None)


def finish(change: Change, incident: Incident, words: Words, *, at: datetime | None = None) -> IncidentUpdate:
    """It is over, since `at` (now, unless told otherwise); its components go back."""
    to_operational = incident.window.to_operational
    update = write_update(change, incident, words)
    over = max(at or change.now, incident.started_at)
    _set(incident, change, status=IncidentStatus.COMPLETED, resolved_at=over, next_update_by=None)
    until = over if to_operational else None
    end_statements(change, incident, update, to_operational=to_operational, but_for=words.named, at=until)
    return update


def call_off(change: Change, incident: Incident, body: str = "", *, notify: bool = True) -> None:
    """It will not take place, or not go on. One that has not begun never touches a component."""
    if not body.strip():
        with override(change.page.language):
            body = gettext(CANCELLED)
    deliver = notify and change.notify
    update = write_update(change, incident, Words(IncidentStatus.COMPLETED, body, deliver=deliver))
    change_row(incident.window, {"cancelled": True}, change.now, {"cancelled"})
    began = min(incident.started_at, change.now)
    _set(incident, change, status=IncidentStatus.COMPLETED, started_at=began, resolved_at=change.now)
    end_statements(change, incident, update, to_operational=True)
    record(change, "maintenance.cancelled", incident, update, notify=notify)


def remind_now(change: Change, incident: Incident) -> None:
    """Tell again what is planned, with its newest words; reminders that were due till now are done with."""
    change_row(incident.window, {"reminded_until": change.now}, change.now, {"reminded_until"})
    newest = incident.updates.first()
    words = update_facts(newest) if newest else None
    record(change, "maintenance.reminder", incident, notify=True, newest_update=words)


def _set(incident: Incident, change: Change, **values: Any) -> None:
    change_row(incident, values, change.now, values.keys())


# Refusing ------------------------------------------------------------------------------------------


def check_span(begins: datetime, ends: datetime) -> None:
    if not begins < ends:
        message = _("A maintenance begins before it ends.")
        raise Refused(message, "scheduled_until")


def check_options(options: Mapping[str, Any]) -> None:
    """Raises Refused for too many reminders, and for one that is not a minute to 30 days before the start."""
    reminders = options.get("reminders", ())
    if len(reminders) > _MOST_REMINDERS:
        message = _("Of a maintenance there are at most %(n)d reminders.") % {"n": _MOST_REMINDERS}
        raise Refused(message, "reminders")
    wrong = [one for one in reminders if not 1 <= one <= _LONGEST_NOTICE]
    if wrong:
        message = _("A reminder is sent between a minute and 30 days before the start, not %(n)s minutes.")
        raise Refused(message % {"n": wrong[0]}, "reminders")


# Time ----------------------------------------------------------------------------------------------


def next_step(incident: Incident, now: datetime) -> tuple[datetime, Due] | None:
    """What this maintenance does next by itself, and when. A start that is late goes before reminders."""
    window = incident.window
    steps = []
    if incident.status == IncidentStatus.SCHEDULED:
        steps = [(at, Due.REMIND) for at in _reminders(window) if now < window.scheduled_for]
        if window.auto_start:
            steps.append((window.scheduled_for, Due.START))
    elif incident.status in UNDERWAY and window.auto_complete:
        steps = [(window.scheduled_until, Due.COMPLETE)]
    return min(steps, default=None)


def _reminders(window: MaintenanceWindow) -> list[datetime]:
    times = (window.scheduled_for - timedelta(minutes=before) for before in window.reminders)
    return [at for at in times if window.reminded_until is None or at > window.reminded_until]


def ask(change: Change, incident: Incident) -> None:
    """Have the next thing done when it is due; of a series also see to its later windows at the end."""
    step = next_step(incident, change.now)
    times = [step[0]] if step else []
    window = incident.window
    if window.series_id and change.now < window.scheduled_until:
        times.append(window.scheduled_until)
    if times and incident.status != IncidentStatus.COMPLETED:
        put(MAINTENANCE, current_tenant_id(), [incident.pk], due_at=min(times))


def planned(change: Change, incident: Incident, at: datetime) -> datetime:
    """When something planned for `at` took place: then, even if it is done late; but not before the newest
    word of the maintenance itself."""
    newest = incident.updates.values_list("display_at", flat=True).first()
    return min(max(at, newest or at), change.now)
