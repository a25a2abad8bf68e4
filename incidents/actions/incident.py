"""Verbs on incidents. Each is one change of one page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, check_known, given
from common.rows import change as change_row
from components.choices import ComponentStatus
from components.models import Statement
from components.status import check, take_back, with_effect
from events.actor import Actor
from incidents.cadence import check_promise, count_anew
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentUpdate, Postmortem
from incidents.occurrences import follow
from incidents.steps import (
    Statuses,
    Words,
    affect,
    check_seen,
    check_status,
    end_statements,
    fall_silent,
    locked,
    note_moves,
    record,
    speaker,
    update_facts,
    write_update,
)
from pages.change import Change, page_change
from pages.models import StatusPage

# From when, and until when: None while it is open.
Span = tuple[datetime, datetime | None]

_TIMES = ("started_at", "impact_started_at", "detected_at", "mitigated_at", "resolved_at")
INCIDENT_FIELDS = frozenset({"name", "impact_override", "next_update_by", "metadata", *_TIMES})
# What else can be said of an incident when it is added.
NEW_FIELDS = INCIDENT_FIELDS - {"name", "resolved_at"}
_CLOSING = frozenset({"status", "resolved_at", "next_update_by"})
UPDATE_FIELDS = frozenset({"body", "technical_details", "display_at"})


def open_incident(
    page: StatusPage,
    actor: Actor,
    words: Words,
    *,
    name: str,
    notify: bool = True,
    notify_at: datetime | None = None,
    **fields: Any,
) -> Incident:
    """Tell that something is wrong. `fields` are of NEW_FIELDS; it began now unless told otherwise."""
    fields = _given(fields)
    with page_change(page, actor, notify=notify and words.deliver, notify_at=notify_at) as change:
        return begin(change, words, name, fields)


def post_update(
    page: StatusPage,
    incident: Incident,
    actor: Actor,
    words: Words,
    *,
    to_operational: bool = True,
    notify: bool = True,
    notify_at: datetime | None = None,
    next_update_by: datetime | None = None,
    seen: int | None = None,
) -> IncidentUpdate:
    """Say how an incident goes on. A closing status resolves it, an open one reopens a resolved one.

    `seen`: id of the newest event about it that its writer knows of; raises Overtaken where there is a newer.

    On resolving, components go back to operational, but for those of which `words` says otherwise; or all
    keep their last status, where `to_operational` is False.
    """
    with page_change(page, actor, notify=notify and words.deliver, notify_at=notify_at) as change:
        incident = locked_incident(change, incident)
        check_seen("incident", incident.pk, seen)
        return go_on(change, incident, words, to_operational=to_operational, next_update_by=next_update_by)


def resolve(page: StatusPage, incident: Incident, actor: Actor, body: str = "", **how: Any) -> IncidentUpdate:
    """Tell that it is over; `how` as for `post_update`."""
    return post_update(page, incident, actor, Words(IncidentStatus.RESOLVED, body), **how)


def edit_incident(
    page: StatusPage, incident: Incident, actor: Actor, *, seen: int | None = None, **fields: Any
) -> Incident:
    """Correct what is known of an incident: name, impact, times. Corrected times correct the history.

    Tells nobody; what was known before stays in the events. `seen`: as for `post_update`.
    """
    fields = given(fields, INCIDENT_FIELDS, Incident)
    with page_change(page, actor, notify=False) as change:
        incident = locked_incident(change, incident)
        check_seen("incident", incident.pk, seen)
        if correct(change, incident, fields):
            record(change, "incident.edited", incident)
    return incident


def edit_update(
    page: StatusPage, update: IncidentUpdate, actor: Actor, *, seen: int | None = None, **fields: Any
) -> IncidentUpdate:
    """Correct the text or the displayed time of an update. Tells nobody. `seen`: of events about it."""
    with page_change(page, actor, notify=False) as change:
        update = _locked_update(change, update)
        check_seen("incident_update", update.pk, seen)
        if change_row(update, fields, change.now, UPDATE_FIELDS):
            change.record("incident.update_edited", "incident_update", update.pk, update_facts(update))
            record(change, "incident.edited", update.incident)
    return update


def delete_incident(page: StatusPage, incident: Incident, actor: Actor) -> None:
    """Take a notice off the page; what it said of components ends. Tells nobody."""
    with page_change(page, actor, notify=False) as change:
        incident = locked(change, incident)
        take_back(change, speaker(incident))
        incident.deleted_at = incident.updated_at = change.now
        incident.save(update_fields=["deleted_at", "updated_at"])
        follow(change, incident)
        record(change, "incident.deleted", incident)


def backfill_incident(
    page: StatusPage,
    actor: Actor,
    *,
    name: str,
    started_at: datetime,
    resolved_at: datetime,
    body: str,
    components: Statuses | None = None,
    **fields: Any,
) -> Incident:
    """Add an incident that is over to the history; `fields`: of NEW_FIELDS. Tells nobody."""
    fields = _given(fields | {"started_at": started_at})
    over = given({"resolved_at": resolved_at}, _TIMES, Incident)["resolved_at"]
    with page_change(page, actor, notify=False) as change:
        if over is None or not fields["started_at"] <= over <= change.now:
            message = _("An incident begins before it ends, and a past one has ended.")
            raise Refused(message, "resolved_at")
        _check_times(change, fields | {"resolved_at": over}, fields)
        incident = _new(change, name, IncidentStatus.INVESTIGATING, fields, backfilled=True)
        affected = dict(components or {})
        check(change, affected)
        affect(change, incident, None, affected, fields["started_at"])
        words = Words(IncidentStatus.RESOLVED, body, display_at=over, deliver=False)
        update = write_update(change, incident, words)
        change_row(incident, _closed(incident, over), change.now, _CLOSING)
        fall_silent(change, incident, at=over)
        said = {one: status for one, status in affected.items() if status is not None}
        note_moves(update, {one: (status, ComponentStatus.OPERATIONAL) for one, status in said.items()})
        record(change, "incident.backfilled", incident, update)
    return incident


# Steps ---------------------------------------------------------------------------------------------


def locked_incident(change: Change, incident: Incident) -> Incident:
    """The page's own row as it is now. Raises Refused where it is a maintenance or deleted."""
    found = locked(change, incident)
    if found.kind != IncidentKind.INCIDENT:
        message = _("This is a maintenance: use its own verbs.")
        raise Refused(message)
    return found


def begin(change: Change, words: Words, name: str, fields: dict[str, Any]) -> Incident:
    """Open an incident; `fields`: of NEW_FIELDS as their columns take them."""
    check_promise(fields.get("next_update_by"), change.now)
    incident = _new(change, name, words.status, {"detected_at": change.now} | fields)
    update = write_update(change, incident, words)
    _follow_status(change, incident, update, words.named, to_operational=True)
    count_anew(change, incident)
    record(change, "incident.created", incident, update, notify=True)
    return incident


def go_on(
    change: Change,
    incident: Incident,
    words: Words,
    *,
    to_operational: bool,
    next_update_by: datetime | None = None,
) -> IncidentUpdate:
    """Add an update, with all that follows from its status."""
    check_promise(next_update_by, change.now)
    check_next_status(incident, words.status)
    name = event_name(incident, words.status)
    update = write_update(change, incident, words)
    change_row(incident, {"next_update_by": next_update_by}, change.now, {"next_update_by"})
    _follow_status(change, incident, update, words.named, to_operational=to_operational)
    count_anew(change, incident)
    record(change, name, incident, update, notify=True)
    return update


def correct(change: Change, incident: Incident, fields: dict[str, Any]) -> bool:
    """Set `fields`, of INCIDENT_FIELDS as their columns take them; whether any differs."""
    former = _span(incident)
    _check_corrected(change, incident, fields)
    changed = change_row(incident, fields, change.now, INCIDENT_FIELDS)
    if "next_update_by" in changed:
        check_promise(incident.next_update_by, change.now)
        count_anew(change, incident)
    if changed:
        _move_statements(change, incident, former, _span(incident))
    return bool(changed)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Of NEW_FIELDS, as their columns take them; None is: not given."""
    check_known(fields, NEW_FIELDS)
    return given({name: value for name, value in fields.items() if value is not None}, NEW_FIELDS, Incident)


def _new(
    change: Change, name: str, status: str, fields: dict[str, Any], *, backfilled: bool = False
) -> Incident:
    return add(drawn(change, name, status, fields, backfilled=backfilled))


def drawn(
    change: Change, name: str, status: str, fields: dict[str, Any], *, backfilled: bool = False
) -> Incident:
    """As it would be added. Raises Refused."""
    if status not in IncidentStatus.open_of_kind(IncidentKind.INCIDENT) and status != IncidentStatus.RESOLVED:
        message = _("“%(status)s” is not a status that an incident begins with.") % {"status": status}
        raise Refused(message, "status")
    values = {"started_at": change.now} | fields
    if values["started_at"] > change.now:
        message = _("An incident cannot begin in the future. Plan a maintenance instead.")
        raise Refused(message, "started_at")
    _check_times(change, values, fields)
    return Incident(
        page=change.page,
        name=name,
        status=IncidentStatus.INVESTIGATING,
        backfilled=backfilled,
        created_at=change.now,
        updated_at=change.now,
        **values,
    )


def check_next_status(incident: Incident, status: str) -> None:
    if status == IncidentStatus.POSTMORTEM != incident.status:
        message = _("Write and publish a postmortem: that gives the incident this status.")
        raise Refused(message, "status")
    check_status(incident, status)


def _follow_status(
    change: Change,
    incident: Incident,
    update: IncidentUpdate,
    named: Collection[str],
    *,
    to_operational: bool,
) -> None:
    """Bring the incident's own columns in line with its newest update, which said the statuses of `named`."""
    status = IncidentStatus(update.status)
    values = moved(incident, status, change.now)
    change_row(incident, values, change.now, values.keys())
    if not status.is_open:
        end_statements(change, incident, update, to_operational=to_operational, but_for=named)


def moved(incident: Incident, status: IncidentStatus, now: datetime) -> dict[str, Any]:
    """What its own columns say after an update of that status."""
    if not status.is_open:
        return _closed(incident, incident.resolved_at or now)
    values: dict[str, Any] = {"status": status.value, "resolved_at": None}
    return values | ({"monitoring_at": now} if status is IncidentStatus.MONITORING else {})


def _closed(incident: Incident, at: datetime) -> dict[str, Any]:
    """It is over; one whose postmortem is on the page says so."""
    told = Postmortem.objects.filter(incident=incident).exclude(published_at=None)
    is_told = incident.status == IncidentStatus.POSTMORTEM or told.exists()
    status = IncidentStatus.POSTMORTEM if is_told else IncidentStatus.RESOLVED
    return {"status": status.value, "resolved_at": at, "next_update_by": None}


def event_name(incident: Incident, status: str) -> str:
    was_open, is_open = IncidentStatus(incident.status).is_open, IncidentStatus(status).is_open
    if was_open and not is_open:
        return "incident.resolved"
    return "incident.reopened" if is_open and not was_open else "incident.updated"


def _locked_update(change: Change, update: IncidentUpdate) -> IncidentUpdate:
    found = (
        IncidentUpdate.objects.filter(pk=update.pk, incident__page=change.page, incident__deleted_at=None)
        .select_related("incident")
        .first()
    )
    if found is None:
        message = _("This update has been deleted meanwhile.")
        raise Refused(message)
    return found


def _span(incident: Incident) -> Span:
    return incident.impact_started_at or incident.started_at, incident.resolved_at


def _check_corrected(change: Change, incident: Incident, fields: dict[str, Any]) -> None:
    resolved = fields.get("resolved_at", incident.resolved_at)
    if (resolved is None) != (incident.resolved_at is None):
        message = _("Only an update resolves or reopens an incident.")
        raise Refused(message, "resolved_at")
    if fields.keys() & set(_TIMES):
        _check_times(change, {name: getattr(incident, name) for name in _TIMES} | fields, fields)


def _check_times(change: Change, times: Mapping[str, Any], told: Collection[str]) -> None:
    """Raises Refused for a time that lies ahead or before one that it follows; of two, `told` is at fault."""
    known = {name: times[name] for name in _TIMES if times.get(name) is not None}
    for name in set(told) & known.keys():
        if known[name] > change.now:
            message = _("This lies in the future.")
            raise Refused(message, name)
    for earlier, later in _order(known):
        if later in known and known[later] < known[earlier]:
            raise Refused(_out_of_order(earlier, later), later if later in told else earlier)


def _order(known: Mapping[str, datetime]) -> Iterator[tuple[str, str]]:
    """The earlier and the later of two times. What hurts may have begun before the incident, or after."""
    begins = [name for name in ("started_at", "impact_started_at") if name in known]
    yield min(begins, key=known.__getitem__), "detected_at"
    yield begins[-1], "mitigated_at"
    for name in known.keys() - {"resolved_at"}:
        yield name, "resolved_at"


def _out_of_order(earlier: str, later: str) -> str:
    if (earlier, later) == ("started_at", "resolved_at"):
        return _("An incident begins before it ends.")
    names = {"earlier": earlier.replace("_", " "), "later": later.replace("_", " ")}
    return _("The times are out of order: “%(later)s” lies before “%(earlier)s”.") % names


def _move_statements(change: Change, incident: Incident, former: Span, now: Span) -> None:
    """What was said from the incident's beginning, or up to its end, moves with them; the rest is cut."""
    if former == now:
        return
    mine = list(Statement.objects.of(speaker(incident).source, incident.pk))

    def move() -> None:
        for statement in mine:
            _fit(statement, former, now)

    with_effect(change, [one.component_id for one in mine], min(former[0], now[0]), False, move)


def _fit(statement: Statement, former: Span, now: Span) -> None:
    """Move or cut one statement; nothing is left of one that lies outside."""
    begun = now[0] if statement.begun == former[0] else max(statement.begun, now[0])
    ended = now[1] if statement.ended in {former[1], None} else statement.ended
    if ended and now[1]:
        ended = min(ended, now[1])
    if ended and ended <= begun:
        statement.delete()
        return
    statement.begun, statement.ended = begun, ended
    statement.save(update_fields=["begun", "ended"])
