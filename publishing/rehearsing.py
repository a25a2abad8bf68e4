"""A page as it would look after a change that is not made: as much of it as shows that.

A look is tried at every keystroke, and a page with everything on it takes half a second and two megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import translation

from components.indicator import indicator
from components.models import Component
from incidents.choices import IncidentKind
from incidents.models import AffectedComponent, Incident, IncidentComponent, IncidentUpdate
from pages.models import StatusPage
from publishing import render
from publishing.audience import View
from publishing.build import Builder
from publishing.building.charts import metric_views
from publishing.building.histories import Histories
from publishing.building.notices import open_view
from publishing.building.page import CROWDED, by_group, ordered
from publishing.charts import MetricView
from publishing.documents import assets, closed
from publishing.lookups import any_of
from publishing.snapshot import (
    HistoryDay,
    IncidentView,
    MetricRef,
    MonthView,
    Snapshot,
    UptimeMonthView,
    YearMonth,
)
from store import PUBLIC, Document

# Of a crowded page so many groups, and so many components of each.
_GROUPS, _MEMBERS = 8, 3
_NOTICES, _UPDATES, _NAMED, _DAYS, _CHARTS = 2, 4, 6, 7, 2


def look_of(page: StatusPage) -> dict[str, Document]:
    """The status page and what it loads, by path. Of what there is much of, the first few."""
    return {document.path: document for document in _look(page)}


def _look(page: StatusPage) -> list[Document]:
    whole = list(page.components.public().with_status())
    ids = frozenset(one.pk for one in whole)
    view = View(PUBLIC, components=ids, named=ids, is_shut=not page.is_public)
    glimpse = Glimpse(page, view, whole)
    if view.is_shut:
        return closed(glimpse)
    drawn = (render.render_metric(glimpse.page_view, one) for one in glimpse.charts)
    return [render.render_status(glimpse.snapshot()), *assets(glimpse), *chain.from_iterable(drawn)]


@dataclass(frozen=True)
class Glimpse(Builder):
    """A page with a few of everything. Its headline is that of the whole page, and its groups are as open."""

    whole: list[Any]

    @cached_property
    def components(self) -> list[Component]:
        if len(self.whole) <= CROWDED:
            return self.whole
        members = by_group(self.whole)
        groups = ordered(self.groups, members)[:_GROUPS]
        return [one for group in groups for one in _few(members, group)]

    @cached_property
    def charts(self) -> list[MetricView]:
        return metric_views(self.page, self.now)[:_CHARTS]

    @cached_property
    def metrics(self) -> list[MetricRef]:
        return [MetricRef(one.id, one.name, one.explanation) for one in self.charts]

    def snapshot(self) -> Snapshot:
        shown = super().snapshot()
        statuses = [one.status for one in self.whole]
        word, sentence = indicator(statuses, [self.page.open_impact] if self.page.open_impact else [])
        is_crowded = len(self.whole) > CROWDED
        groups = tuple(replace(one, collapsed=bool(one.id) and is_crowded) for one in shown.groups)
        return replace(shown, indicator=word.value, description=sentence, groups=groups)

    @property
    def notices(self) -> list[Any]:
        """Those of days that are over show no more than their line."""
        return []

    def _changed_at(self) -> datetime:
        return self.now

    def month(self, month: YearMonth) -> MonthView:
        """On a page of its own."""
        return MonthView(month, (), None, None)

    def _uptime_month(self, month: YearMonth, histories: Histories) -> UptimeMonthView:
        return UptimeMonthView(month, (), None, None)

    def _recent(self, today: date) -> tuple[HistoryDay, ...]:
        return super()._recent(today)[:_DAYS]

    def _open(self, kind: IncidentKind) -> list[IncidentView]:
        with translation.override(self.page.language):
            return [open_view(one, self.view) for one in self._told if one.kind == kind]

    @cached_property
    def _told(self) -> Sequence[Incident]:
        """The newest incidents and the next windows. Four queries."""
        found = self.view.incidents(self.page).filter(resolved_at=None)
        newest = Q(pk__in=found.incidents()[:_NOTICES].values("pk"))
        soonest = Q(pk__in=found.maintenance().order_by("started_at")[:_NOTICES].values("pk"))
        rows = found.filter(newest | soonest).select_related("window__series", "postmortem")
        seen = any_of("component_id", self.view.named)
        affected = _first(_NAMED, AffectedComponent.objects.filter(seen), "update", ["id"])
        said = Prefetch("affected", affected.select_related("component__group"), to_attr="said")
        updates = _first(_UPDATES, IncidentUpdate.objects.all(), "incident", ["-display_at", "-created_at"])
        order = ["component__position", "component_id"]
        links = _first(_NAMED, IncidentComponent.objects.filter(seen), "incident", order)
        links = links.select_related("component").order_by(*order)
        return list(
            rows.prefetch_related(
                Prefetch("updates", updates.prefetch_related(said)), Prefetch("links", links)
            )
        )


def _first(number: int, rows: QuerySet[Any], of: str, order: list[str]) -> QuerySet[Any]:
    """The first rows of each object that they are `of`."""
    numbered: QuerySet[Any] = rows.annotate(place=Window(RowNumber(), partition_by=of, order_by=order))
    return numbered.filter(place__lte=number)


def _few(members: dict[str | None, list[Component]], group: Any) -> list[Component]:
    return members[group.pk][:_MEMBERS] if group else members[None][:CROWDED]
