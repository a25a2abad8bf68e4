"""Components' histories: what the status was, who said so, and how it becomes a percentage."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import filterfalse
from typing import Any, NamedTuple

from components.choices import ComponentStatus, Source
from components.models import Component, DataGap, Statement, StatusChange
from components.uptime import (
    Day,
    Figure,
    Gap,
    Interval,
    Policy,
    Reason,
    days,
    display,
    figure,
    intervals,
    passed,
)
from pages.models import StatusPage
from publishing.audience import View
from publishing.audience import notices as notices_of
from publishing.building import calendar
from publishing.building.kept import Kept
from publishing.lookups import any_of
from publishing.prepared import Prepared
from publishing.snapshot import DayView, IncidentRef, IntervalView, UptimeView


class Row(NamedTuple):
    at: datetime
    status: str
    source: str
    source_id: str


class Word(NamedTuple):
    """A row, where on a day it held; `weight` is None where it takes nothing from the percentage."""

    row: Row
    begun: datetime
    ended: datetime
    weight: float | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Who is behind a status: a notice to link to, one that was deleted, or the reason of a correction."""

    ref: IncidentRef | None = None
    reason: str = ""
    derived: bool = False
    deleted: bool = False


NO_CAUSE = Cause()
_POLICY = ("major_weight", "partial_weight", "degraded_weight", "maintenance_counts", "minimum_outage")
_MILLISECOND = timedelta(milliseconds=1)


# Days of components, with the instant that they were counted at: as many rows, days and stretches, of about
# half a kilobyte each, as a page of a thousand components has on which something was every day.
kept: Kept[tuple[datetime, UptimeView, Figure]] = Kept(200_000)


@dataclass(frozen=True, slots=True)
class Histories:
    """Of some components, from an instant on: rows in rising order, the newest before that instant first."""

    page: StatusPage
    rows: dict[str, list[Row]]
    gaps: Sequence[Gap]
    causes: dict[str, Cause]
    calm: dict[tuple[date, date, Policy], tuple[UptimeView, Figure]] = field(default_factory=dict)
    """Days of components of which there is nothing to tell, by first and last day and policy."""

    @classmethod
    def load(
        cls, page: StatusPage, view: View, ids: Iterable[str], since: datetime, gaps: Sequence[Gap]
    ) -> Histories:
        """Five queries at most, however many components there are. `gaps`: the page's."""
        ids = list(ids)
        rows: dict[str, list[Row]] = defaultdict(list)
        for component_id, *row in [
            *_before(ids=ids, since=since),
            *_after(ids=ids, since=since),
        ]:
            rows[component_id].append(Row(*row))
        return cls(page, rows, gaps, _causes(rows, page, view))

    def uptime(
        self, component: Component, first: date, last: date, now: datetime, *, explained: bool = False
    ) -> tuple[UptimeView, Figure]:
        """The days from `first` to `last`, both included; with `explained`, each with its intervals."""
        if not self._is_calm(component, calendar.midnight(first, self.page.zone)):
            return self._uptime(component, first, last, now, explained=explained)
        key = first, last, policy_of(self.page, component)
        if key not in self.calm:
            self.calm[key] = self._uptime(component, first, last, now, explained=explained)
        return self.calm[key]

    def _is_calm(self, component: Component, since: datetime) -> bool:
        """Whether its history is that of every other of which nothing has been said since then."""
        return known_since(self.page, component) <= since and all(
            row.at <= since and row.status == ComponentStatus.OPERATIONAL and row.source != Source.CORRECTION
            for row in self.rows.get(component.pk, ())
        )

    def _uptime(
        self, component: Component, first: date, last: date, now: datetime, *, explained: bool
    ) -> tuple[UptimeView, Figure]:
        """As it is, or as it was at a version before, where nothing has been said since."""
        key = self._settled(component, first, last, now, explained)
        if key is None:
            return self._counted(component, first, last, now, explained=explained)
        if (known := kept.get(key)) is None:
            known = now, *self._counted(component, first, last, now, explained=explained)
            shown_days, rows = known[1].days, self.rows[component.pk]
            kept.put(key, known, len(rows) + sum(1 + len(day.intervals) for day in shown_days))
        then, view, whole = known
        figure = total(whole.down, whole.measured + passed(then, now))
        return replace(view, percent=shown(figure.percent)), figure

    def _settled(
        self, component: Component, first: date, last: date, now: datetime, explained: bool
    ) -> Hashable | None:
        """All that these days are made of but the time that passes, None where they change with that, too:
        where `last` is not today, or something was said or unknown of it."""
        zone, rows = self.page.zone, self.rows.get(component.pk, [])
        begun, gaps = calendar.midnight(last, zone), self._gaps_of(component)
        is_today = begun + _MILLISECOND <= now < calendar.midnight(last + timedelta(days=1), zone)
        holds = rows[-1] if rows and rows[-1].at <= begun and rows[-1].source != Source.CORRECTION else None
        is_quiet = holds is not None and holds.status == ComponentStatus.OPERATIONAL
        if not (is_today and is_quiet and all(gap.ended and gap.ended <= begun for gap in gaps)):
            return None
        causes = tuple(self._cause(row) for row in rows)
        policy = policy_of(self.page, component)
        return tuple(rows), causes, gaps, policy, zone.key, first, last, explained

    def _counted(
        self, component: Component, first: date, last: date, now: datetime, *, explained: bool
    ) -> tuple[UptimeView, Figure]:
        zone, policy = self.page.zone, policy_of(self.page, component)
        rows, gaps = self.rows.get(component.pk, []), self._gaps_of(component)
        found = days([row[:2] for row in rows], first, last, zone, now, gaps, policy)
        whole = sum_up(found)
        corrected = any(row.source == Source.CORRECTION for row in rows)
        told = [
            (day, _words(day, rows) if corrected or day.reasons else [])
            for day in (found if corrected else filterfalse(_is_plain, found))
        ]
        views = tuple(self._day(day, said, explained) for day, said in told if said or not _is_plain(day))
        begins = known_since(self.page, component).astimezone(zone).date()
        within = begins if first < begins <= last else None
        return UptimeView(first, len(found), shown(whole.percent), views, within), whole

    def figure(self, component: Component, begun: datetime, ended: datetime) -> Figure:
        rows, policy = self.rows.get(component.pk, []), policy_of(self.page, component)
        # Of many months each has few of the rows.
        first = max(bisect_right(rows, begun, key=_when) - 1, 0)
        last = bisect_left(rows, ended, key=_when)
        spans = intervals([row[:2] for row in rows[first:last]], begun, ended, self._gaps_of(component))
        return figure(spans, policy)

    def changes(self, component: Component, limit: int) -> tuple[IntervalView, ...]:
        """The newest stretches that were not operational or are corrected, newest first; the first may be
        open."""
        rows = self.rows.get(component.pk, [])
        ends: list[datetime | None] = [*(row.at for row in rows[1:]), None]
        told = [
            self._interval(row, row.at, ended)
            for row, ended in zip(rows, ends, strict=False)  # no row, no end
            if row.status != ComponentStatus.OPERATIONAL or row.source == Source.CORRECTION
        ]
        return tuple(told[::-1][:limit])

    def _gaps_of(self, component: Component) -> tuple[Gap, ...]:
        return (*self.gaps, Gap(None, known_since(self.page, component)))

    def _day(self, day: Day, told: Sequence[Word], explained: bool) -> DayView:
        causes = [self._cause(word.row) for word in told]
        return DayView(
            date=day.date,
            status=day.status,
            percent=shown(day.percent),
            seconds=_seconds(day.reasons),
            incidents=tuple(dict.fromkeys(cause.ref for cause in causes if cause.ref)),
            corrections=tuple(dict.fromkeys(cause.reason for cause in causes if cause.reason)),
            intervals=tuple(self._explained(word) for word in told) if explained else (),
        )

    def _explained(self, word: Word) -> IntervalView:
        view = self._interval(word.row, word.begun, word.ended)
        return replace(view, weight="" if word.weight is None else f"{word.weight:g}")

    def _interval(self, row: Row, began: datetime, ended: datetime | None) -> IntervalView:
        cause = self._cause(row)
        return IntervalView(
            began=began,
            ended=ended,
            status=row.status,
            seconds=int((ended - began).total_seconds()) if ended else 0,
            source=row.source,
            cause=cause.ref,
            reason=cause.reason,
            derived=cause.derived,
            deleted=cause.deleted,
        )

    def _cause(self, row: Row) -> Cause:
        return self.causes.get(row.source_id, NO_CAUSE)


def policy_of(page: StatusPage, component: Component | None = None) -> Policy:
    """The page's policy, with the component's own where it has one."""
    own = (getattr(component, name, None) for name in _POLICY)
    values = (
        getattr(page, name) if value is None else value for name, value in zip(_POLICY, own, strict=True)
    )
    return _policy(*values)


# All components of a page have one, as a rule.
@lru_cache(maxsize=256)
def _policy(major: object, partial: object, degraded: object, counts: object, minimum: object) -> Policy:
    return Policy(
        major=float(str(major)),
        partial=float(str(partial)),
        degraded=float(str(degraded)),
        maintenance_counts=bool(counts),
        minimum=minimum if isinstance(minimum, timedelta) else timedelta(),
    )


_gaps: Prepared[DataGap] = Prepared(lambda page_id: DataGap.objects.filter(page=page_id))


def gaps_of(page: StatusPage) -> tuple[Gap, ...]:
    return tuple(Gap(gap.begun, gap.ended) for gap in _gaps(page_id=page.pk))


def known_since(page: StatusPage, component: Component) -> datetime:
    """When a component's history begins."""
    start = component.start_date
    return datetime.combine(start, time.min, page.zone) if start else component.created_at


def shown(percent: float | None) -> str | None:
    return None if percent is None else display(percent)


def sum_up(found: Iterable[Figure]) -> Figure:
    """The figure of several spans together."""
    found = list(found)
    return total(
        sum((one.down for one in found), timedelta()), sum((one.measured for one in found), timedelta())
    )


def total(down: timedelta, measured: timedelta) -> Figure:
    percent = 100 * (1 - down / measured) if measured else None
    return Figure(percent, down, measured)


def _is_plain(day: Day) -> bool:
    return day.status == ComponentStatus.OPERATIONAL


def _words(day: Day, rows: Sequence[Row]) -> list[Word]:
    """What held on a day: all that was not operational, and all that is corrected."""
    weights = {reason.interval: reason.weight for reason in day.reasons}
    return [
        Word(row, begun, ended, weights.get(one))
        for one in day.intervals
        for row, begun, ended in _cut(one, rows)
        if one in weights or row.source == Source.CORRECTION
    ]


def _cut(span: Interval, rows: Sequence[Row]) -> Iterator[tuple[Row, datetime, datetime]]:
    """The rows behind a stretch of one status: another word may have said the same.

    Spans are cut to the millisecond, so the row that holds at their beginning may be just after it.
    """
    first = max(bisect_right(rows, span.begun + _MILLISECOND, key=_when) - 1, 0)
    held = rows[first : bisect_left(rows, span.ended, key=_when)]
    same = [row for row in held if row.status == span.status]
    ends = [*(row.at for row in same[1:]), span.ended]
    for row, ended in zip(same, ends, strict=False):  # no row, no end
        yield row, row.at if row.at > span.begun + _MILLISECOND else span.begun, ended


def _when(row: Row) -> datetime:
    return row.at


def _seconds(reasons: Iterable[Reason]) -> tuple[tuple[str, int], ...]:
    lengths: dict[str, timedelta] = defaultdict(timedelta)
    for reason in reasons:
        if reason.interval.status:
            lengths[reason.interval.status] += reason.interval.length
    ordered = sorted(lengths.items(), key=lambda pair: -ComponentStatus(pair[0]).severity)
    return tuple((status, int(length.total_seconds())) for status, length in ordered)


_FIELDS = ("component_id", "at", "status", "source", "source_id")


_before: Prepared[tuple[Any, ...]] = Prepared(
    lambda ids, since: (
        StatusChange.objects.filter(any_of("component_id", ids), at__lt=since)
        .order_by("component_id", "-at")
        .distinct("component_id")
        .values_list(*_FIELDS)
    )
)
_after: Prepared[tuple[Any, ...]] = Prepared(
    lambda ids, since: (
        StatusChange.objects.filter(any_of("component_id", ids), at__gte=since)
        .order_by("component_id", "at")
        .values_list(*_FIELDS)
    )
)


def _causes(rows: dict[str, list[Row]], page: StatusPage, view: View) -> dict[str, Cause]:
    """The notices and corrections behind these rows; a notice that the view cannot see is not named."""
    every = {(row.source, row.source_id) for some in rows.values() for row in some}
    notices = {source_id for source, source_id in every if source in {Source.INCIDENT, Source.MAINTENANCE}}
    corrections = {source_id for source, source_id in every if source == Source.CORRECTION}
    found = {
        pk: Cause(IncidentRef(pk, name), derived=derived)
        for pk, name, derived in (view.ask(_behind, page, ids=list(notices)) if notices else ())
    }
    for pk in _deleted(page, notices - found.keys()):
        found[pk] = Cause(deleted=True)
    return found | _corrected(corrections)


_behind: Prepared[tuple[str, str, bool]] = Prepared(
    lambda page_id, ids, named=None: (
        notices_of(page_id, named).filter(any_of("id", ids)).values_list("pk", "name", "derived")
    )
)


def _corrected(ids: Collection[str]) -> dict[str, Cause]:
    if not ids:
        return {}
    told = Statement.objects.filter(source=Source.CORRECTION, source_id__in=ids)
    return {pk: Cause(reason=reason) for pk, reason in told.values_list("source_id", "reason")}


def _deleted(page: StatusPage, ids: Collection[str]) -> Iterable[str]:
    """Those of these notices that nobody hides: they are gone, and what they said stays."""
    if not ids:
        return ()
    return page.incidents.filter(pk__in=ids).exclude(deleted_at=None).values_list("pk", flat=True)
