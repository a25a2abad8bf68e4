"""Notices: incidents and maintenance, with their updates, as views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from components.choices import ComponentStatus
from components.uptime import Gap
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import AffectedComponent, Incident, IncidentComponent, IncidentQuerySet, IncidentUpdate
from incidents.rules import describe, parse
from incidents.shape import last_touched
from pages.models import StatusPage
from publishing.audience import View
from publishing.building.affected import AffectedTimes
from publishing.building.recurring import recurrence
from publishing.forms import CalendarEvent, FeedEntry
from publishing.lookups import any_of
from publishing.snapshot import AffectedTimeView, AffectedView, IncidentSummary, IncidentView, UpdateView

TimeOf = Callable[[IncidentComponent], AffectedTimeView | None]


def load(found: IncidentQuerySet) -> list[Incident]:
    """Whole notices in the order given, with all that belongs to them. Four queries.

    What an update says of components is in `said`: a plain list costs less than a queryset each.
    """
    affected = AffectedComponent.objects.select_related("component__group")
    updates = IncidentUpdate.objects.prefetch_related(Prefetch("affected", affected, to_attr="said"))
    whole = found.select_related("window__series", "postmortem")
    return list(whole.prefetch_related(Prefetch("updates", updates), Prefetch("links", _links())))


def incident_views(
    notices: list[Incident], view: View, page: StatusPage, gaps: Sequence[Gap]
) -> list[IncidentView]:
    """Loaded notices of a page, cut to what the view sees. Two queries."""
    times = AffectedTimes.load(page, notices, gaps)
    return [_incident_view(incident, view, times.of) for incident in notices]


def open_view(incident: Incident, view: View) -> IncidentView:
    """The same of a notice that is not over, which has cost nobody a known time yet. No query."""
    return _incident_view(incident, view, lambda _link: None)


def summaries(found: IncidentQuerySet, view: View) -> list[IncidentSummary]:
    """One line a notice. One query."""
    return [summary(row) for row in lines(found, None if view.is_whole else view.named)]


def lines(found: IncidentQuerySet, named: Iterable[str] | None) -> QuerySet[Incident, dict[str, Any]]:
    """What `summary` is made of, each with the `named` ones of its components, or with all."""
    newest = IncidentUpdate.objects.filter(incident=OuterRef("pk")).values("body")[:1]
    mine = _links().filter(incident=OuterRef("pk"))
    if named is not None:
        mine = mine.filter(any_of("component_id", named))
    told = found.annotate(latest=Subquery(newest), names=ArraySubquery(mine.values("component__name")))
    rows: QuerySet[Incident, dict[str, Any]] = told.values(*_SUMMARY, "latest", "names")
    return rows


def _links() -> QuerySet[IncidentComponent]:
    return IncidentComponent.objects.select_related("component").order_by(
        "component__position", "component_id"
    )


def _incident_view(incident: Incident, view: View, time_of: TimeOf) -> IncidentView:
    links = [link for link in incident.links.all() if link.component_id in view.named]
    window, postmortem = (getattr(incident, name, None) for name in ("window", "postmortem"))
    began, cancelled = incident.impact_started_at or incident.started_at, bool(window and window.cancelled)
    affected = {link.component_id: found for link in links if (found := time_of(link))}
    return IncidentView(
        id=incident.pk,
        name=incident.name,
        kind=incident.kind,
        status=incident.status,
        impact=incident.shown_impact,
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
        detected_at=incident.detected_at,
        impact_started_at=incident.impact_started_at,
        mitigated_at=incident.mitigated_at,
        next_update_by=incident.next_update_by,
        is_overdue=incident.is_overdue,
        scheduled_for=window and window.scheduled_for,
        scheduled_until=window and window.scheduled_until,
        series=describe(parse(window.series.rule)) if window and window.series else "",
        backfilled=incident.backfilled,
        derived=incident.derived,
        components=tuple(_concerned(incident, link, view, affected.get(link.component_id)) for link in links),
        updates=tuple(update_view(update, view) for update in incident.updates.all()),
        affected=tuple(affected.values()),
        cancelled=cancelled,
        seconds=_seconds(began, incident.resolved_at, cancelled=cancelled),
        postmortem=postmortem.body if postmortem else "",
        postmortem_at=postmortem and postmortem.published_at,
    )


def update_view(update: IncidentUpdate, view: View) -> UpdateView:
    return UpdateView(
        id=update.pk,
        status=update.status,
        body=update.body,
        display_at=update.display_at,
        technical_details=update.technical_details,
        affected=tuple(
            AffectedView(one.component.name, one.new_status, one.old_status, _linked(one.component_id, view))
            for one in update.said  # type: ignore[attr-defined]
            if one.component_id in view.named
        ),
    )


def _concerned(
    incident: Incident, link: IncidentComponent, view: View, time: AffectedTimeView | None
) -> AffectedView:
    """A component with its status, or, where the notice is over, with the worst that it was."""
    place = _linked(link.component_id, view)
    if incident.resolved_at is None:
        return AffectedView(link.component.name, link.status or "", id=place)
    harmed = time is not None and time.worst != ComponentStatus.OPERATIONAL
    return AffectedView(link.component.name, "", id=place, worst=time.worst if time and harmed else "")


def _linked(component_id: str, view: View) -> str:
    """The id of a component that has a page; a deleted one has only its name."""
    return component_id if component_id in view.components else ""


_SUMMARY = (
    *("id", "name", "kind", "status", "impact", "impact_override", "backfilled"),
    *("started_at", "impact_started_at", "resolved_at", "postmortem__published_at"),
    *("window__scheduled_for", "window__scheduled_until", "window__cancelled"),
)


def summary(row: dict[str, Any]) -> IncidentSummary:
    cancelled = bool(row["window__cancelled"])
    began = row["impact_started_at"] or row["started_at"]
    return IncidentSummary(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        status=row["status"],
        impact=row["impact_override"] or row["impact"],
        started_at=row["started_at"],
        resolved_at=row["resolved_at"],
        scheduled_for=row["window__scheduled_for"],
        scheduled_until=row["window__scheduled_until"],
        seconds=_seconds(began, row["resolved_at"], cancelled=cancelled),
        components=tuple(row["names"]),
        latest=row["latest"] or "",
        has_postmortem=row["postmortem__published_at"] is not None,
        backfilled=row["backfilled"],
        cancelled=cancelled,
    )


def _seconds(began: datetime, ended: datetime | None, *, cancelled: bool) -> int | None:
    return None if ended is None or cancelled else max(int((ended - began).total_seconds()), 0)


def feed_entry(incident: Incident, view: View) -> FeedEntry:
    updates = tuple(update_view(update, view) for update in incident.updates.all())
    return FeedEntry(
        id=incident.pk,
        name=incident.name,
        published=updates[0].display_at if updates else incident.started_at,
        updated=last_touched(incident),
        updates=updates,
    )


def calendar_event(incident: Incident, view: View) -> CalendarEvent:
    """Without its sequence, which only the log of events knows."""
    window = incident.window if incident.kind == IncidentKind.MAINTENANCE else None
    seen = [link for link in incident.links.all() if link.component_id in view.named]
    updates = incident.updates.all()[:1]
    return CalendarEvent(
        id=incident.pk,
        name=incident.name,
        kind=incident.kind,
        sequence=0,
        begins=window.scheduled_for if window else incident.started_at,
        ends=window.scheduled_until if window else incident.resolved_at,
        created=incident.created_at,
        updated=last_touched(incident),
        cancelled=bool(window and window.cancelled),
        components=tuple(link.component.name for link in seen),
        latest=update_view(updates[0], view) if updates else None,
        recurrence=recurrence(window) if window and incident.status == IncidentStatus.SCHEDULED else None,
    )
