"""Verbs on maintenance. Each is one change of one page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import change as change_row
from common.rows import given
from events.actor import SYSTEM, Actor
from incidents.choices import IncidentStatus
from incidents.models import Incident, IncidentUpdate, MaintenanceWindow
from incidents.occurrences import except_, follow
from incidents.steps import Words, fall_silent, record, write_update
from incidents.windows import (
    NOTICE_FIELDS,
    OPTIONS,
    TIMES,
    UNDERWAY,
    Due,
    Plan,
    ask,
    attach,
    begin,
    call_off,
    finish,
    locked_maintenance,
    maintained,
    next_step,
    plan,
    planned,
    remind_now,
    reschedule,
)
from pages.change import Change, page_change
from pages.models import StatusPage

MAINTENANCE_FIELDS = OPTIONS | NOTICE_FIELDS | TIMES


def schedule_maintenance(
    page: StatusPage,
    actor: Actor,
    body: str = "",
    *,
    name: str,
    scheduled_for: datetime,
    scheduled_until: datetime,
    components: Collection[str] = (),
    begins_as: Words | None = None,
    notify: bool = True,
    notify_at: datetime | None = None,
    **options: Any,
) -> Incident:
    """Announce work. `components`: ids; `options`: of OPTIONS and NOTICE_FIELDS.

    One that should have begun already begins at once, and so does one that is given the words that it
    `begins_as`. Raises Refused for one that would be over.
    """
    asked = asked_for(name, scheduled_for, scheduled_until, components, options)
    with page_change(page, actor, notify=notify, notify_at=notify_at) as change:
        check_ahead(asked, change.now)
        incident = plan(change, asked)
        _announce(change, incident, body, begins_as)
        ask(change, incident)
    return incident


def edit_maintenance(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    *,
    components: Collection[str] | None = None,
    notify: bool = False,
    **fields: Any,
) -> Incident:
    """Change name, times, options or (all) components, by id. Tells nobody, unless told to.

    An occurrence of a series goes its own way from then on.
    """
    fields = given(fields, MAINTENANCE_FIELDS, MaintenanceWindow, Incident)
    with page_change(page, actor, notify=notify) as change:
        incident = locked_maintenance(change, incident)
        if amend(change, incident, fields, components):
            record(change, "maintenance.edited", incident, notify=True)
    return incident


def start_maintenance(
    page: StatusPage, incident: Incident, actor: Actor, body: str = "", *, notify: bool | None = None
) -> IncidentUpdate:
    """Begin now. `notify`: as the window says, unless given."""
    words = Words(IncidentStatus.IN_PROGRESS, body)
    with page_change(page, actor) as change:
        incident = locked_maintenance(change, incident)
        return _start(change, incident, words, _or(notify, incident.window.notify_at_start))


def post_maintenance_update(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    words: Words,
    *,
    notify: bool = True,
    notify_at: datetime | None = None,
) -> IncidentUpdate:
    """Say how it goes on. `in_progress` or `verifying` begins one that has not begun."""
    with page_change(page, actor, notify=notify and words.deliver, notify_at=notify_at) as change:
        incident = locked_maintenance(change, incident)
        return say_how(change, incident, words)


def complete_maintenance(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    body: str = "",
    *,
    components: Mapping[str, str] | None = None,
    notify: bool | None = None,
) -> IncidentUpdate:
    """End it now. Components go back to operational as its options say, unless `components` says what each
    is. `notify`: as the window says, unless given."""
    words = Words(IncidentStatus.COMPLETED, body, components=components or {})
    with page_change(page, actor) as change:
        incident = locked_maintenance(change, incident)
        if incident.status == IncidentStatus.SCHEDULED:
            message = _("This maintenance has not begun. Cancel it if it will not take place.")
            raise Refused(message)
        _check_open(incident)
        return complete(change, incident, words, _or(notify, incident.window.notify_at_end))


def cancel_maintenance(
    page: StatusPage, incident: Incident, actor: Actor, body: str = "", *, notify: bool = True
) -> Incident:
    """Call it off. Components that it put under maintenance are taken back."""
    with page_change(page, actor, notify=notify) as change:
        incident = locked_maintenance(change, incident)
        cancel(change, incident, body)
    return incident


def remind(page: StatusPage, incident: Incident, actor: Actor) -> None:
    """Tell subscribers again, now, of a maintenance that has not begun."""
    with page_change(page, actor) as change:
        incident = locked_maintenance(change, incident)
        if incident.status != IncidentStatus.SCHEDULED:
            message = _("Only of a maintenance that has not begun can anybody be reminded.")
            raise Refused(message)
        remind_now(change, incident)


def backfill_maintenance(
    page: StatusPage,
    actor: Actor,
    body: str = "",
    *,
    name: str,
    scheduled_for: datetime,
    scheduled_until: datetime,
    components: Collection[str] = (),
    **options: Any,
) -> Incident:
    """Add a maintenance that is over to the history. Tells nobody."""
    asked = asked_for(name, scheduled_for, scheduled_until, components, options)
    with page_change(page, actor, notify=False) as change:
        if asked.scheduled_until > change.now:
            message = _("A past maintenance has ended.")
            raise Refused(message, "scheduled_until")
        incident = plan(change, asked)
        update = _say_completed(change, incident, body, asked.scheduled_until)
        values = {"status": IncidentStatus.COMPLETED, "backfilled": True}
        over = values | {"resolved_at": asked.scheduled_until}
        change_row(incident, over, change.now, over.keys())
        fall_silent(change, incident, at=asked.scheduled_until)
        record(change, "maintenance.backfilled", incident, update)
    return incident


def _say_completed(change: Change, incident: Incident, body: str, at: datetime) -> IncidentUpdate:
    """The one update of a maintenance that is over; tells nobody."""
    words = Words(
        IncidentStatus.COMPLETED, body, components=maintained(incident), display_at=at, deliver=False
    )
    return write_update(change, incident, words)


def do_what_is_due(page: StatusPage, incident: Incident) -> None:
    """The next thing that this maintenance does by itself, if its time has come: begin, end or remind.

    One at a time: each is a version of its own, and asks for what comes after it.
    """
    with page_change(page, SYSTEM) as change:
        incident = locked_maintenance(change, incident)
        step = next_step(incident, change.now)
        if step is not None and step[0] <= change.now:
            _do(change, incident, *step)
        ask(change, incident)
        follow(change, incident)


# Steps ---------------------------------------------------------------------------------------------


def amend(
    change: Change, incident: Incident, fields: Mapping[str, Any], components: Collection[str] | None
) -> bool:
    """Set `fields`, of MAINTENANCE_FIELDS as their columns take them, and all components, by id, where given;
    whether anything differs."""
    notice = {name: value for name, value in fields.items() if name in NOTICE_FIELDS}
    schedule = {name: value for name, value in fields.items() if name not in NOTICE_FIELDS}
    schedule = {name: value for name, value in schedule.items() if getattr(incident.window, name) != value}
    _check_schedule(change, incident, schedule, components)
    changed = bool(change_row(incident, notice, change.now, NOTICE_FIELDS))
    changed |= reschedule(change, incident, schedule)
    changed |= components is not None and attach(change, incident, components)
    if changed:
        _go_its_own_way(change, incident)
        ask(change, incident)
    return changed


def say_how(change: Change, incident: Incident, words: Words) -> IncidentUpdate:
    """Add an update of one that is not over; a later status begins it."""
    _check_words(incident, words)
    if incident.status == IncidentStatus.SCHEDULED and words.status in UNDERWAY:
        return _start(change, incident, words, notify=True)
    update = write_update(change, incident, words)
    change_row(incident, {"status": words.status}, change.now, {"status"})
    record(change, "maintenance.updated", incident, update, notify=True)
    return update


def cancel(change: Change, incident: Incident, body: str) -> None:
    """Call it off, and see to what its series plans next."""
    _check_open(incident)
    call_off(change, incident, body)
    follow(change, incident)


def complete(
    change: Change, incident: Incident, words: Words, notify: bool, *, at: datetime | None = None
) -> IncidentUpdate:
    """End it, at `at` (now, unless told otherwise)."""
    update = finish(change, incident, replace(words, deliver=notify), at=at)
    record(change, "maintenance.completed", incident, update, notify=notify)
    follow(change, incident)
    return update


def asked_for(
    name: str,
    scheduled_for: datetime,
    scheduled_until: datetime,
    components: Collection[str],
    options: Mapping[str, Any],
) -> Plan:
    """As their columns take it. Raises Refused."""
    times = {"scheduled_for": scheduled_for, "scheduled_until": scheduled_until}
    return Plan(
        name,
        components=components,
        options=given(options, OPTIONS | NOTICE_FIELDS, MaintenanceWindow, Incident),
        **given(times, TIMES, MaintenanceWindow),
    )


def _do(change: Change, incident: Incident, at: datetime, due: Due) -> None:
    at, window = planned(change, incident, at), incident.window
    if due is Due.START:
        words = Words(IncidentStatus.IN_PROGRESS, display_at=at)
        _start(change, incident, words, window.notify_at_start, at=at)
    elif due is Due.COMPLETE:
        words = Words(IncidentStatus.COMPLETED, display_at=at)
        complete(change, incident, words, window.notify_at_end, at=at)
    else:
        remind_now(change, incident)


def _announce(change: Change, incident: Incident, body: str, begins_as: Words | None) -> None:
    window = incident.window
    if window.scheduled_for <= change.now:
        words = begins_as or Words(IncidentStatus.IN_PROGRESS, body)
        _start(change, incident, words, notify=True, at=window.scheduled_for)
        return
    if begins_as is not None:
        _start(change, incident, begins_as, notify=True)
        return
    update = write_update(change, incident, Words(IncidentStatus.SCHEDULED, body))
    record(change, "maintenance.scheduled", incident, update, notify=True)


def _start(
    change: Change, incident: Incident, words: Words, notify: bool, *, at: datetime | None = None
) -> IncidentUpdate:
    _check_startable(change, incident, automatic=at is not None)
    update = begin(change, incident, replace(words, deliver=words.deliver and notify), at=at)
    ask(change, incident)
    record(change, "maintenance.started", incident, update, notify=notify)
    return update


def _go_its_own_way(change: Change, incident: Incident) -> None:
    if incident.window.series is not None:
        except_(change, incident.window.series, incident.window.occurrence)


def _or(given: bool | None, otherwise: bool) -> bool:
    return otherwise if given is None else given


# Refusing ------------------------------------------------------------------------------------------


def check_ahead(asked: Plan, now: datetime) -> None:
    """Raises Refused for one that would be over."""
    if asked.scheduled_until <= now:
        message = _("This maintenance is over already. Add it to the history instead.")
        raise Refused(message, "scheduled_until")


def _check_open(incident: Incident) -> None:
    if incident.status == IncidentStatus.COMPLETED:
        message = _("This maintenance is over already.")
        raise Refused(message, "status")


def _check_startable(change: Change, incident: Incident, *, automatic: bool) -> None:
    _check_open(incident)
    if incident.status in UNDERWAY:
        message = _("This maintenance has begun already.")
        raise Refused(message, "status")
    window = incident.window
    if not automatic and window.auto_complete and window.scheduled_until <= change.now:
        message = _("The time of this maintenance is over: it would end at once. Move its end first.")
        raise Refused(message, "scheduled_until")


def _check_words(incident: Incident, words: Words) -> None:
    _check_open(incident)
    if words.status == IncidentStatus.COMPLETED:
        message = _("An update does not end a maintenance: complete it.")
        raise Refused(message, "status")
    if words.status != IncidentStatus.SCHEDULED:
        return
    if incident.status in UNDERWAY:
        message = _("This maintenance has begun already.")
        raise Refused(message, "status")
    if any(status is not None for status in words.components.values()):
        message = _("A maintenance that has not begun does not change components.")
        raise Refused(message, "components")


def _check_schedule(
    change: Change, incident: Incident, schedule: Mapping[str, Any], components: Collection[str] | None
) -> None:
    if schedule or components is not None:
        _check_open(incident)
    if "scheduled_for" in schedule and incident.status in UNDERWAY:
        message = _("This maintenance has begun already: its start stays.")
        raise Refused(message, "scheduled_for")
    if schedule.get("scheduled_until", change.now) < change.now:
        message = _("A planned end lies in the future. To end the maintenance now, complete it.")
        raise Refused(message, "scheduled_until")
