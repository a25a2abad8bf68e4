"""Notices: incidents and maintenance, with their updates, as views."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from components.choices import ComponentStatus
from incidents.models import AffectedComponent, Incident, IncidentComponent, IncidentQuerySet, IncidentUpdate
from incidents.rules import describe, parse
from pages.models import StatusPage
from publishing.audience import View
from publishing.building.affected import AffectedTimes
from publishing.snapshot import AffectedTimeView, AffectedView, IncidentSummary, IncidentView, UpdateView


def load(found: IncidentQuerySet) -> list[Incident]:
    """Whole notices in the order given, with all that belongs to them. Four queries.

    What an update says of components is in `said`: a plain list costs less than a queryset each.
    """
    affected = AffectedComponent.objects.select_related("component__group")
    updates = IncidentUpdate.objects.prefetch_related(Prefetch("affected", affected, to_attr="said"))
    whole = found.select_related("window__series", "postmortem")
    return list(whole.prefetch_related(Prefetch("updates", updates), Prefetch("links", _links())))


def newest_and_open(found: IncidentQuerySet, limit: int) -> list[Incident]:
    """The `limit` newest of each kind and all that are open, newest first. Four queries."""
    newest = [Q(pk__in=some[:limit].values("pk")) for some in (found.incidents(), found.maintenance())]
    return load(found.filter(reduce(or_, newest, Q(resolved_at=None))))


def incident_views(notices: list[Incident], view: View, page: StatusPage) -> list[IncidentView]:
    """Loaded notices of a page, cut to what the view sees. Three queries."""
    times = AffectedTimes.load(page, notices)
    return [_incident_view(incident, view, times) for incident in notices]


def summaries(found: IncidentQuerySet, view: View) -> list[IncidentSummary]:
    """One line a notice. Two queries."""
    newest = IncidentUpdate.objects.filter(incident=OuterRef("pk"))
    lines = found.select_related("window", "postmortem").annotate(latest=Subquery(newest.values("body")[:1]))
    return [_summary(incident, view) for incident in lines.prefetch_related(Prefetch("links", _links()))]


def _links() -> QuerySet[IncidentComponent]:
    return IncidentComponent.objects.select_related("component").order_by(
        "component__position", "component_id"
    )


def _incident_view(incident: Incident, view: View, times: AffectedTimes) -> IncidentView:
    links = [link for link in incident.links.all() if link.component_id in view.named]
    window = getattr(incident, "window", None)
    postmortem = getattr(incident, "postmortem", None)
    affected = {link.component_id: found for link in links if (found := times.of(link))}
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
        scheduled_for=window and window.scheduled_for,
        scheduled_until=window and window.scheduled_until,
        series=describe(parse(window.series.rule)) if window and window.series else "",
        backfilled=incident.backfilled,
        derived=incident.derived,
        components=tuple(_concerned(incident, link, view, affected.get(link.component_id)) for link in links),
        updates=tuple(update_view(update, view) for update in incident.updates.all()),
        affected=tuple(affected.values()),
        cancelled=_is_cancelled(incident),
        seconds=_seconds(incident),
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


def _summary(incident: Incident, view: View) -> IncidentSummary:
    window = getattr(incident, "window", None)
    postmortem = getattr(incident, "postmortem", None)
    links = incident.links.all()
    return IncidentSummary(
        id=incident.pk,
        name=incident.name,
        kind=incident.kind,
        status=incident.status,
        impact=incident.shown_impact,
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
        scheduled_for=window and window.scheduled_for,
        scheduled_until=window and window.scheduled_until,
        seconds=_seconds(incident),
        components=tuple(link.component.name for link in links if link.component_id in view.named),
        latest=incident.latest or "",  # type: ignore[attr-defined]
        has_postmortem=bool(postmortem and postmortem.published_at),
        backfilled=incident.backfilled,
        cancelled=_is_cancelled(incident),
    )


def _is_cancelled(incident: Incident) -> bool:
    window = getattr(incident, "window", None)
    return bool(window and window.cancelled)


def _seconds(incident: Incident) -> int | None:
    if incident.resolved_at is None or _is_cancelled(incident):
        return None
    began = incident.impact_started_at or incident.started_at
    return max(int((incident.resolved_at - began).total_seconds()), 0)
