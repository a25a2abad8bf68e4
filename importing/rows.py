"""A source's records as rows of ours, not yet stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from components.choices import ComponentStatus
from components.models import Component, ComponentGroup, Statement
from importing.documents import Source, SourceComponent, SourceNotice, SourceUpdate
from importing.history import OF_IMPACT, Said, names_statuses, said_by
from incidents.choices import Impact, IncidentKind, IncidentStatus
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    MaintenanceWindow,
    Postmortem,
)
from pages.models import StatusPage

# Less than what any document shows of a time.
TICK = timedelta(microseconds=1)
GROUP_COLUMNS = ("name", "description", "position")
COMPONENT_COLUMNS = (
    "group_id",
    "name",
    "description",
    "position",
    "showcase",
    "only_show_if_degraded",
    "start_date",
)
INCIDENT_COLUMNS = (
    "kind",
    "name",
    "status",
    "impact",
    "derived",
    "started_at",
    "monitoring_at",
    "resolved_at",
    "shortlink",
    "created_at",
)
UPDATE_COLUMNS = ("incident_id", "status", "body", "display_at", "deliver_notifications", "created_at")


def first_record(source: Source) -> datetime:
    """The first instant of which the source speaks: its oldest notice, or else its oldest component."""
    begun = [min(notice.created_at, notice.begun_at) for notice in source.notices]
    created = [component.created_at for component in source.components if component.created_at]
    return min(begun or created, default=source.known_until)


def groups(source: Source, page: StatusPage) -> Iterator[ComponentGroup]:
    for group in source.components:
        if group.group:
            yield ComponentGroup(
                id=group.id,
                page=page,
                name=group.name,
                description=group.description,
                position=group.position,
                **_stamps(group, source),
            )


def components(source: Source, page: StatusPage, groups: set[str], now: datetime) -> Iterator[Component]:
    """`groups`: ids of the page's groups that there are; a group that was dissolved here stays so."""
    for component in source.components:
        if not component.group:
            yield Component(
                id=component.id,
                page=page,
                group_id=component.group_id if component.group_id in groups else None,
                name=component.name,
                description=component.description,
                position=component.position,
                showcase=component.showcase,
                only_show_if_degraded=component.only_show_if_degraded,
                start_date=component.start_date,
                deleted_at=now if component.removed else None,
                **_stamps(component, source),
            )


def _stamps(component: SourceComponent, source: Source) -> dict[str, datetime]:
    created = component.created_at or first_record(source)
    return {"created_at": created, "updated_at": component.updated_at or created}


def incidents(notices: Iterable[SourceNotice], page: StatusPage) -> Iterator[Incident]:
    for notice in notices:
        yield Incident(
            id=notice.id,
            page=page,
            kind=IncidentKind.MAINTENANCE if notice.maintenance else IncidentKind.INCIDENT,
            name=notice.name,
            status=notice.status,
            impact=notice.impact,
            derived=is_derived(notice),
            started_at=notice.begun_at,
            monitoring_at=notice.monitoring_at,
            resolved_at=notice.ended_at,
            shortlink=notice.shortlink,
            created_at=notice.created_at,
            updated_at=notice.updated_at,
        )


def is_derived(notice: SourceNotice) -> bool:
    return any(said.derived for said in said_by(notice, [found for found, _name in notice.components]))


def windows(notices: Iterable[SourceNotice], now: datetime) -> Iterator[MaintenanceWindow]:
    """Schedules; one that is overdue starts or ends without a message, because an import tells nobody."""
    for notice in notices:
        if notice.scheduled_for and notice.scheduled_until:
            yield MaintenanceWindow(
                incident_id=notice.id,
                scheduled_for=notice.scheduled_for,
                scheduled_until=notice.scheduled_until,
                notify_at_start=notice.scheduled_for > now,
                notify_at_end=notice.scheduled_until > now,
            )


def updates(notices: Iterable[SourceNotice], published: str) -> Iterator[IncidentUpdate]:
    """Updates; a postmortem's text is kept as such, and the update that brought it only says `published`."""
    for notice in notices:
        for update, created in _in_order(notice.updates):
            yield IncidentUpdate(
                id=update.id,
                incident_id=notice.id,
                status=update.status,
                body=published if update.status == IncidentStatus.POSTMORTEM else update.body,
                display_at=update.display_at,
                deliver_notifications=update.deliver,
                created_at=created,
                updated_at=update.updated_at,
            )


def _in_order(updates: Iterable[SourceUpdate]) -> Iterator[tuple[SourceUpdate, datetime]]:
    """Updates, oldest first, with instants of creation that keep those of one display time in their order."""
    shown, created = None, None
    for update in updates:
        follows = created is not None and update.display_at == shown and update.created_at <= created
        created = created + TICK if created and follows else update.created_at
        shown = update.display_at
        yield update, created


def affected(notices: Iterable[SourceNotice], known: set[str]) -> Iterator[AffectedComponent]:
    for notice in notices:
        for update in notice.updates:
            yield from _affected(update, known)


def _affected(update: SourceUpdate, known: set[str]) -> Iterator[AffectedComponent]:
    for component_id, entry in {entry.component_id: entry for entry in update.affected}.items():
        if component_id in known and entry.new_status:
            yield AffectedComponent(
                update_id=update.id,
                component_id=component_id,
                old_status=entry.old_status or ComponentStatus.OPERATIONAL,
                new_status=entry.new_status,
            )


def links(notices: Iterable[SourceNotice], known: set[str]) -> Iterator[IncidentComponent]:
    for notice in notices:
        for component_id, status in _last_statuses(notice).items():
            if component_id in known:
                yield IncidentComponent(incident_id=notice.id, component_id=component_id, status=status)


def _last_statuses(notice: SourceNotice) -> dict[str, str | None]:
    """What the notice gives its components: once over, what it leaves."""
    untouched = names_statuses(notice) or notice.status == IncidentStatus.SCHEDULED
    derived = None if untouched else OF_IMPACT.get(Impact(notice.impact))
    last: dict[str, str | None] = dict.fromkeys((found for found, _name in notice.components), derived)
    for update in notice.updates:
        last.update(_named(update))
    if IncidentStatus(notice.status).is_open:
        return last
    left = {one: status and ComponentStatus.OPERATIONAL for one, status in last.items()}
    return left | (_named(notice.updates[-1]) if notice.updates else {})


def _named(update: SourceUpdate) -> dict[str, str]:
    return {entry.component_id: entry.new_status for entry in update.affected if entry.new_status}


def postmortems(notices: Iterable[SourceNotice]) -> Iterator[Postmortem]:
    for notice in notices:
        told = [
            update for update in notice.updates if update.status == IncidentStatus.POSTMORTEM and update.body
        ]
        at = notice.postmortem_published_at or (told[-1].display_at if told else None)
        body = notice.postmortem or (told[-1].body if told else "")
        if at and body:
            times = dict.fromkeys(["draft_at", "body_at", "published_at", "created_at", "updated_at"], at)
            yield Postmortem(incident_id=notice.id, draft=body, body=body, **times)


def statements(said: Iterable[Said]) -> Iterator[Statement]:
    for one in said:
        yield Statement(
            component_id=one.component_id,
            source=one.source,
            source_id=one.source_id,
            status=one.status,
            begun=one.begun,
            ended=one.ended,
            derived=one.derived,
        )
