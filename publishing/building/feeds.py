"""What feeds and calendars tell: the newest notices, and when maintenance is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Count

from events.models import Event
from incidents.choices import IncidentKind
from incidents.models import Incident, IncidentQuerySet
from incidents.shape import last_touched
from pages.models import StatusPage
from publishing.audience import View
from publishing.building.notices import load, update_view
from publishing.forms import CalendarEvent, FeedEntry

Counts = Mapping[str, int]
# Of a component's notices: as many of each kind as its own feed and calendar tell of.
_EACH = 10


def newest(notices: Iterable[Incident], limit: int) -> list[Incident]:
    """Those told of last: a maintenance counts from when it was announced, a backfilled incident from when it
    happened."""
    return sorted(notices, key=lambda one: (min(one.created_at, one.started_at), one.pk), reverse=True)[
        :limit
    ]


def picked(
    found: IncidentQuerySet, component_ids: Iterable[str], known: Mapping[str, Incident]
) -> dict[str, list[Incident]]:
    """By component the newest notices of each kind, and maintenance that is not over.

    `known` ones are at hand; the others take four queries more.
    """
    ids: dict[str, list[str]] = defaultdict(list)
    taken: dict[tuple[str, str], int] = defaultdict(int)
    rows = found.filter(links__component_id__in=component_ids)
    for component_id, pk, kind, ended in rows.values_list("links__component_id", "pk", "kind", "resolved_at"):
        taken[component_id, kind] += 1
        if taken[component_id, kind] <= _EACH or (ended is None and kind == IncidentKind.MAINTENANCE):
            ids[component_id].append(pk)
    missing = {pk for some in ids.values() for pk in some} - known.keys()
    whole = {**known, **{one.pk: one for one in load(found.filter(pk__in=missing))}}
    return {component_id: [whole[pk] for pk in some] for component_id, some in ids.items()}


def maintenance(notices: Iterable[Incident]) -> list[Incident]:
    return [one for one in notices if one.kind == IncidentKind.MAINTENANCE]


def entries(notices: Iterable[Incident], view: View) -> tuple[FeedEntry, ...]:
    return tuple(_entry(one, view) for one in notices)


def last_change(found: Iterable[FeedEntry], page: StatusPage) -> datetime:
    return max((entry.updated for entry in found), default=page.created_at)


def event_counts(page: StatusPage, notices: Iterable[Incident]) -> Counts:
    """How often each was changed by something that visitors can see, by id. One query."""
    ids = [one.pk for one in notices]
    changes = Event.objects.of_page(page.pk).filter(object_type="incident", object_id__in=ids, version__gt=0)
    return dict(changes.order_by().values_list("object_id").annotate(Count("id")))


def events(notices: Iterable[Incident], view: View, counts: Counts) -> tuple[CalendarEvent, ...]:
    return tuple(_event(one, view, counts.get(one.pk, 1)) for one in notices)


def _entry(incident: Incident, view: View) -> FeedEntry:
    updates = tuple(update_view(update, view) for update in incident.updates.all())
    return FeedEntry(
        id=incident.pk,
        name=incident.name,
        published=updates[0].display_at if updates else incident.started_at,
        updated=last_touched(incident),
        updates=updates,
    )


def _event(incident: Incident, view: View, count: int) -> CalendarEvent:
    planned = incident.window if incident.kind == IncidentKind.MAINTENANCE else None
    seen = [link for link in incident.links.all() if link.component_id in view.named]
    updates = incident.updates.all()[:1]
    return CalendarEvent(
        id=incident.pk,
        name=incident.name,
        kind=incident.kind,
        sequence=count - 1,
        begins=planned.scheduled_for if planned else incident.started_at,
        ends=planned.scheduled_until if planned else incident.resolved_at,
        created=incident.created_at,
        updated=last_touched(incident),
        cancelled=bool(planned and planned.cancelled),
        components=tuple(link.component.name for link in seen),
        latest=update_view(updates[0], view) if updates else None,
    )
