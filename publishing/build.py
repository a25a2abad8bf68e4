"""A page to its snapshot: a fixed number of queries, however many components and notices there are.

The caller holds a repeatable read transaction, so that all queries see the same version. `now` is the
version's instant, never the clock's: the same version is never built differently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import translation

from components.indicator import indicator
from components.models import Component, ComponentGroup
from components.uptime import Gap
from incidents.choices import IncidentKind, IncidentStatus
from pages.models import StatusPage
from publishing.audience import View
from publishing.building import asked, calendar, feeds
from publishing.building.charts import displayed
from publishing.building.histories import Histories, gaps_of, known_since, policy_of, shown
from publishing.building.notices import incident_views, load, summaries, summary
from publishing.building.page import (
    Uptimes,
    group_views,
    page_view,
    policy_view,
    uptime_groups,
)
from publishing.building.recent import recent_day
from publishing.building.shapes import NoticeShaper
from publishing.building.statuspage import Shaper
from publishing.building.told import Teller, Told
from publishing.forms import (
    CalendarView,
    ComponentForms,
    FeedView,
    HistoryPage,
    Shape,
    SiteView,
    StatuspageView,
)
from publishing.snapshot import (
    AnnouncementView,
    ComponentMonth,
    ComponentPageView,
    HistoryDay,
    IncidentSummary,
    IncidentView,
    MetricRef,
    MonthView,
    PageView,
    Snapshot,
    UptimeMonthView,
    YearMonth,
)

INCIDENT, MAINTENANCE = IncidentKind.INCIDENT, IncidentKind.MAINTENANCE
_CHANGES_SHOWN = 50
_INCIDENTS_SHOWN = 50
# In the feed of the page, and of a component.
_NEWS, _COMPONENT_NEWS = 25, 10


@dataclass(frozen=True)
class Builder:
    """One page at its version, as one view of it sees it."""

    page: StatusPage
    view: View

    @property
    def now(self) -> datetime:
        return self.page.version_at

    @cached_property
    def page_view(self) -> PageView:
        return page_view(self.page)

    @cached_property
    def components(self) -> list[Component]:
        return asked.components(page_id=self.page.pk, ids=list(self.view.components))

    @cached_property
    def groups(self) -> list[ComponentGroup]:
        return asked.groups(page_id=self.page.pk)

    @cached_property
    def _group_names(self) -> dict[str | None, str]:
        return {one.pk: one.name for one in self.groups}

    @cached_property
    def metrics(self) -> list[MetricRef]:
        """Those that are shown; what their charts show has a clock of its own."""
        return displayed(self.page)

    @cached_property
    def notices(self) -> list[Told]:
        """The newest of each kind and all that are open, newest first."""
        return self._teller.newest_and_open()

    @cached_property
    def _teller(self) -> Teller:
        return Teller(self.page, self.view, self._shaper)

    @cached_property
    def _shaper(self) -> NoticeShaper:
        return NoticeShaper(self.page, self.view)

    @cached_property
    def _gaps(self) -> tuple[Gap, ...]:
        return gaps_of(self.page)

    @cached_property
    def first_month(self) -> YearMonth:
        return calendar.month_of(min(self._began, self.now), self.page.zone)

    @cached_property
    def _began(self) -> datetime:
        """The beginning of the oldest notice, or else of the page; earlier where a component is measured."""
        oldest = self.view.ask(asked.oldest, self.page)
        measured = [known_since(self.page, one) for one in self.components if one.start_date]
        return min([*(oldest or [self.page.created_at]), *measured])

    @cached_property
    def this_month(self) -> YearMonth:
        return calendar.month_of(self.now, self.page.zone)

    def snapshot(self) -> Snapshot:
        """What every version shows anew."""
        page, today = self.page, self.now.astimezone(self.page.zone).date()
        first = today - timedelta(days=page.uptime_days - 1)
        month = calendar.first_day(self.this_month)
        histories = self._histories(min(first, month))
        uptimes = self._uptimes(histories, first, today) if page.show_uptime else {}
        word, sentence = indicator(
            [one.status for one in self.components],  # type: ignore[attr-defined]
            [page.open_impact] if page.open_impact else [],
        )
        return Snapshot(
            page=self.page_view,
            version=page.version,
            now=self.now,
            changed_at=self._changed_at(),
            indicator=word.value,
            description=sentence,
            groups=group_views(self.groups, self.components, uptimes),
            month=self.month(self.this_month),
            uptime_month=self._uptime_month(self.this_month, histories),
            announcements=self._announcements(),
            incidents=tuple(self._open(INCIDENT)),
            maintenance=tuple(self._open_maintenance()),
            recent=self._recent(today),
            metrics=tuple(self.metrics),
        )

    def incidents(self, ids: Sequence[str]) -> list[tuple[IncidentView, Shape]]:
        """Each notice as a page shows it, and as Statuspage shapes it."""
        loaded = self._teller.loaded
        missing = [pk for pk in ids if pk not in loaded]
        rows = [loaded[pk] for pk in ids if pk in loaded]
        rows += load(self.view.incidents(self.page).filter(pk__in=missing)) if missing else []
        with translation.override(self.page.language):
            views = incident_views(rows, self.view, self.page, self._gaps)
        return list(zip(views, map(self._shaper.single, rows), strict=True))

    def statuspage(self, snapshot: Snapshot) -> StatuspageView:
        """What `/api/v2` answers."""
        return Shaper(self.page, self.groups, self.components).whole(self.notices, snapshot)

    def feed(self) -> FeedView:
        found = tuple(one.entry for one in feeds.newest(self.notices, _NEWS))
        return FeedView(feeds.last_change(found, self.page), found)

    def calendars(self) -> list[CalendarView]:
        """Maintenance in one, incidents in another."""
        counts = feeds.event_counts(self.page, self.notices)
        windows, incidents = (feeds.of_kind(self.notices, kind) for kind in (MAINTENANCE, INCIDENT))
        return [
            CalendarView("/history", feeds.events(windows, counts), series=feeds.series(windows)),
            CalendarView("/incidents", feeds.events(incidents, counts)),
        ]

    def site(self) -> SiteView:
        page = self.page
        kinds = ("history", "uptime") if page.show_uptime else ("history",)
        months = [calendar.name(month) for month in calendar.months(self.first_month, self.this_month)]
        general = ["", *kinds, "about", *(f"{kind}/{month}" for kind in kinds for month in reversed(months))]
        own = [f"components/{one.pk}" for one in self.components]
        own += [f"metrics/{one.id}" for one in self.metrics]
        notices = ((f"/incidents/{one.id}", one.touched) for one in self.notices)
        return SiteView((*((f"/{path}", None) for path in [*general, *own]), *notices))

    def component_forms(self, ids: Iterable[str]) -> list[ComponentForms]:
        """Feeds, calendars and badges of components."""
        wanted = self.view.sees(ids)
        known = {one.id: one for one in self.notices}
        notices = feeds.picked(self.view.incidents(self.page), wanted, known, self._teller)
        windows = {pk: feeds.of_kind(some, MAINTENANCE) for pk, some in notices.items()}
        counts = feeds.event_counts(self.page, [one for some in windows.values() for one in some])
        return [
            self._component_forms(one, notices.get(one.pk, []), windows.get(one.pk, []), counts)
            for one in self.components
            if one.pk in wanted
        ]

    def _component_forms(
        self, component: Component, notices: list[Told], windows: list[Told], counts: feeds.Counts
    ) -> ComponentForms:
        path = f"/components/{component.pk}"
        found = tuple(one.entry for one in feeds.newest(notices, _COMPONENT_NEWS))
        return ComponentForms(
            id=component.pk,
            name=component.name,
            status=component.status,  # type: ignore[attr-defined]
            feed=FeedView(feeds.last_change(found, self.page), found, component.name, path),
            calendar=CalendarView(
                f"{path}/history", feeds.events(windows, counts), component.name, feeds.series(windows)
            ),
        )

    def month(self, month: YearMonth) -> MonthView:
        """The days of a month on which a notice began, newest first."""
        known = self._newest if month == self.this_month else self._by_month(month, month)
        found = _by_day(known[month], self.page)
        days = tuple(HistoryDay(day, tuple(found[day])) for day in sorted(found, reverse=True))
        return MonthView(month, days, *self._neighbours(month))

    @cached_property
    def pages(self) -> dict[int, tuple[YearMonth, ...]]:
        """The months of each page of `/history.json`."""
        return calendar.pages(self.first_month, self.this_month)

    def history_pages(self, wanted: Iterable[int]) -> list[HistoryPage]:
        """Two queries, however many are wanted."""
        months = {number: self.pages[number] for number in wanted}
        listed = [month for page in months.values() for month in page]
        if not listed:
            return [HistoryPage(number, ()) for number in months]
        known = self._newest if months.keys() == {1} else self._by_month(min(listed), max(listed))
        return [
            HistoryPage(number, tuple((month, tuple(known[month])) for month in page))
            for number, page in months.items()
        ]

    @cached_property
    def _newest(self) -> dict[YearMonth, list[IncidentSummary]]:
        """What began in the newest three months, which is as far back as any hot document looks."""
        return self._by_month(self.pages[1][-1], self.this_month)

    def _by_month(self, first: YearMonth, last: YearMonth) -> dict[YearMonth, list[IncidentSummary]]:
        zone = self.page.zone
        found: dict[YearMonth, list[IncidentSummary]] = defaultdict(list)
        for one in self._summaries(calendar.span(first, zone)[0], calendar.span(last, zone)[1]):
            found[calendar.month_of(one.listed_at, zone)].append(one)
        return found

    def uptime_month(self, month: YearMonth) -> UptimeMonthView:
        return self._uptime_month(month, self._histories(calendar.first_day(month)))

    def component_pages(self, ids: Iterable[str]) -> list[ComponentPageView]:
        """Components' own pages: past months, changes, notices."""
        wanted = self.view.sees(ids)
        zone = self.page.zone
        past = list(calendar.months(self.first_month, calendar.before(self.this_month)))
        histories = self._histories(calendar.first_day(self.first_month), wanted)
        notices = self._notices_by_component(wanted)
        spans = [(month, *calendar.span(month, zone)) for month in past]
        return [
            self._component_page(one, histories, spans, notices.get(one.pk, []))
            for one in self.components
            if one.pk in wanted
        ]

    def _component_page(
        self,
        component: Component,
        histories: Histories,
        spans: list[tuple[YearMonth, datetime, datetime]],
        notices: list[IncidentSummary],
    ) -> ComponentPageView:
        own, general = policy_of(self.page, component), policy_of(self.page)
        months = [
            ComponentMonth(month, shown(histories.figure(component, begun, ended).percent))
            for month, begun, ended in spans
        ]
        return ComponentPageView(
            id=component.pk,
            name=component.name,
            status=component.status,  # type: ignore[attr-defined]
            since=component.status_since,  # type: ignore[attr-defined]
            purpose=component.purpose,
            description=component.description,
            group=self._group_names.get(component.group_id, ""),
            start_date=component.start_date,
            months=tuple(one for one in reversed(months) if one.percent is not None),
            changes=histories.changes(component, _CHANGES_SHOWN),
            incidents=tuple(notices),
            policy=policy_view(own) if own != general else None,
        )

    def _histories(self, first: date, wanted: Iterable[str] | None = None) -> Histories:
        """Of the components with these ids, or else of all."""
        since = calendar.midnight(first, self.page.zone)
        ids = [one.pk for one in self.components] if wanted is None else wanted
        return Histories.load(self.page, self.view, ids, since, self._gaps)

    def _uptimes(self, histories: Histories, first: date, last: date, *, explained: bool = False) -> Uptimes:
        return {
            one.pk: histories.uptime(one, first, last, self.now, explained=explained)
            for one in self.components
            if one.showcase
        }

    def _uptime_month(self, month: YearMonth, histories: Histories) -> UptimeMonthView:
        first, last = calendar.first_day(month), calendar.last_day(month)
        shown_components = [one for one in self.components if one.showcase]
        last = min(last, self.now.astimezone(self.page.zone).date())
        uptimes = self._uptimes(histories, first, last, explained=True)
        return UptimeMonthView(
            month, uptime_groups(self.groups, shown_components, uptimes), *self._neighbours(month)
        )

    def _neighbours(self, month: YearMonth) -> tuple[YearMonth | None, YearMonth | None]:
        return (
            calendar.before(month) if month > self.first_month else None,
            calendar.after(month) if month < self.this_month else None,
        )

    def _summaries(self, begun: datetime, ended: datetime) -> list[IncidentSummary]:
        """Of notices that began in this time, and of those that were cancelled and planned for it."""
        return [*map(summary, self.view.ask(asked.lines_of, self.page, begun=begun, ended=ended))]

    def _recent(self, today: date) -> tuple[HistoryDay, ...]:
        told = [one for month in self.pages[1] for one in self._newest[month] if one.resolved_at is not None]
        found = _by_day([one for one in told if not one.cancelled], self.page)
        gaps = (*self._gaps, Gap(None, min(self._began, self.page.created_at)))
        return tuple(
            recent_day(self.page, day, found.get(day, ()), self.notices, gaps, self.now)
            for day in (today - timedelta(days=back) for back in range(self.page.history_days))
        )

    def _changed_at(self) -> datetime:
        newest = asked.changes(page_id=self.page.pk, version=self.page.version)
        return newest[0] if newest else self.now

    def _open(self, kind: IncidentKind) -> list[IncidentView]:
        return [one.view for one in feeds.of_kind(self.notices, kind) if one.view is not None]

    def _open_maintenance(self) -> list[IncidentView]:
        """Running ones first, then those to come, soonest first."""
        views = self._open(MAINTENANCE)
        return sorted(views, key=lambda one: (one.status == IncidentStatus.SCHEDULED, one.started_at))

    def _announcements(self) -> tuple[AnnouncementView, ...]:
        found = asked.announcements(page_id=self.page.pk, now=self.now)
        return tuple(
            AnnouncementView(one.pk, one.title, one.body, one.begins_at)
            for one in found
            if one.ends_at is None or one.ends_at > self.now
        )

    def _notices_by_component(self, wanted: Iterable[str]) -> dict[str, list[IncidentSummary]]:
        """The newest of each, as many as its page shows."""
        found = self.view.incidents(self.page).exclude(status=IncidentStatus.SCHEDULED)
        mine = found.filter(links__component_id__in=wanted)
        newest: dict[str, list[str]] = defaultdict(list)
        for component_id, pk in mine.values_list("links__component_id", "pk"):
            if len(newest[component_id]) < _INCIDENTS_SHOWN:
                newest[component_id].append(pk)
        told = found.filter(pk__in={pk for ids in newest.values() for pk in ids})
        lines = {one.id: one for one in summaries(told, self.view)}
        return {component_id: [lines[pk] for pk in ids] for component_id, ids in newest.items()}


def _by_day(found: list[IncidentSummary], page: StatusPage) -> dict[date, list[IncidentSummary]]:
    days: dict[date, list[IncidentSummary]] = defaultdict(list)
    for one in found:
        days[one.listed_at.astimezone(page.zone).date()].append(one)
    return days
