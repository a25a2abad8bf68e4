"""What feeds and calendars tell: the newest notices, and when maintenance is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.db.models import Count

from events.models import Event
from incidents.choices import IncidentKind
from incidents.models import IncidentQuerySet
from pages.models import StatusPage
from publishing.building.recurring import series_events
from publishing.building.told import Teller, Told
from publishing.forms import CalendarEvent, FeedEntry, SeriesEvent
from publishing.lookups import any_of
from publishing.prepared import Prepared

Counts = Mapping[str, int]
# Of a component's notices: as many of each kind as its own feed and calendar tell of.
_EACH = 10


def newest(notices: Iterable[Told], limit: int) -> list[Told]:
    """Those told of last: a maintenance counts from when it was announced, a backfilled incident from when it
    happened."""
    return sorted(notices, key=lambda one: (min(one.created_at, one.started_at), one.id), reverse=True)[
        :limit
    ]


def picked(
    found: IncidentQuerySet, component_ids: Iterable[str], known: Mapping[str, Told], teller: Teller
) -> dict[str, list[Told]]:
    """By component the newest notices of each kind, and maintenance that is not over.

    `known` ones are at hand; `teller` tells the others.
    """
    ids: dict[str, list[str]] = defaultdict(list)
    taken: dict[tuple[str, str], int] = defaultdict(int)
    rows = found.filter(links__component_id__in=component_ids)
    for component_id, pk, kind, ended in rows.values_list("links__component_id", "pk", "kind", "resolved_at"):
        taken[component_id, kind] += 1
        if taken[component_id, kind] <= _EACH or (ended is None and kind == IncidentKind.MAINTENANCE):
            ids[component_id].append(pk)
    missing = {pk for some in ids.values() for pk in some} - known.keys()
    whole = {**known, **{one.id: one for one in teller.of(found.filter(pk__in=missing))}}
    return {component_id: [whole[pk] for pk in some] for component_id, some in ids.items()}


def of_kind(notices: Iterable[Told], kind: IncidentKind) -> list[Told]:
    return [one for one in notices if one.kind == kind]


def last_change(found: Iterable[FeedEntry], page: StatusPage) -> datetime:
    return max((entry.updated for entry in found), default=page.created_at)


def event_counts(page: StatusPage, notices: Iterable[Told]) -> Counts:
    """How often each was changed by something that visitors can see, by id. One query."""
    return dict(_counts(page_id=page.pk, ids=[one.id for one in notices]))


_counts: Prepared[tuple[str, int]] = Prepared(
    lambda page_id, ids: (
        Event.objects.of_page(page_id)
        .filter(any_of("object_id", ids), object_type="incident", version__gt=0)
        .order_by()
        .values_list("object_id")
        .annotate(Count("id"))
    )
)


def events(notices: Iterable[Told], counts: Counts) -> tuple[CalendarEvent, ...]:
    return tuple(replace(one.event, sequence=counts.get(one.id, 1) - 1) for one in notices)


def series(windows: Iterable[Told]) -> tuple[SeriesEvent, ...]:
    """What is planned beyond the windows of recurring maintenance."""
    return series_events(one.event for one in windows)
