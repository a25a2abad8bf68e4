"""Metrics with what their charts show: four queries, however many metrics and points there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import F

from metrics.choices import Period, Step
from metrics.models import Metric, MetricPoint, MetricRollup
from pages.models import StatusPage
from publishing.charts import MetricView, PeriodView, Stretch
from publishing.prepared import Prepared
from publishing.snapshot import MetricRef

_FOUR_HOURS = timedelta(hours=4)
_LENGTHS = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}
_Rollups = dict[str, list[Stretch]]
# The beginning of what a stretch is counted to.
_Begin = Callable[[datetime], datetime]


def displayed(page: StatusPage) -> list[MetricRef]:
    """In the order shown."""
    return [MetricRef(one.pk, one.name, one.tooltip_description) for one in _displayed(page_id=page.pk)]


_displayed: Prepared[Metric] = Prepared(lambda page_id: Metric.objects.filter(page=page_id).displayed())


def metric_views(page: StatusPage, now: datetime, ids: Collection[str] | None = None) -> list[MetricView]:
    """The page's displayed metrics, or those of them with these ids, as they are at `now`."""
    metrics = list(Metric.objects.filter(page=page).displayed())
    if ids is not None:
        metrics = [one for one in metrics if one.pk in ids]
    wanted = [one.pk for one in metrics]
    fine = _rollups(wanted, Step.FIVE_MINUTES, now - _LENGTHS[Period.DAY])
    coarse = _rollups(wanted, Step.HOUR, now - _LENGTHS[Period.MONTH])
    newest = _newest(wanted)
    return [_view(one, now, page.zone, fine[one.pk], coarse[one.pk], newest.get(one.pk)) for one in metrics]


def _rollups(ids: Collection[str], step: Step, since: datetime) -> _Rollups:
    found: _Rollups = defaultdict(list)
    rows = MetricRollup.objects.filter(metric__in=ids, step=step, begins_at__gt=since - step.length)
    columns = ("metric_id", "begins_at", "count", "total", "lowest", "highest")
    for pk, *values in rows.order_by("metric_id", "begins_at").values_list(*columns):
        found[pk].append(Stretch(*values))
    return found


def _newest(ids: Collection[str]) -> dict[str, tuple[datetime, float]]:
    points = MetricPoint.objects.filter(metric__in=ids, at=F("metric__most_recent_data_at"))
    return {pk: (at, value) for pk, at, value in points.values_list("metric_id", "at", "value")}


def _view(
    metric: Metric,
    now: datetime,
    zone: ZoneInfo,
    fine: list[Stretch],
    coarse: list[Stretch],
    latest: tuple[datetime, float] | None,
) -> MetricView:
    hour, day = _by(Step.HOUR.length), _by_day(zone)
    return MetricView(
        id=metric.pk,
        name=metric.name,
        explanation=metric.tooltip_description,
        suffix=metric.suffix,
        decimals=metric.decimal_places,
        axis=metric.axis,
        axis_hidden=metric.y_axis_hidden,
        created_at=metric.created_at,
        updated_at=metric.updated_at,
        latest=latest,
        periods=(
            _period(Period.DAY, now, Step.FIVE_MINUTES.length, fine, hour),
            _period(Period.WEEK, now, Step.HOUR.length, coarse, day),
            _period(Period.MONTH, now, _FOUR_HOURS, coarse, day),
        ),
    )


def _period(
    period: Period, now: datetime, step: timedelta, source: Iterable[Stretch], row: _Begin
) -> PeriodView:
    """It ends with the step that is under way."""
    by_step = _by(step)
    ends = by_step(now) + step
    begins = ends - _LENGTHS[period]
    shown = [one for one in source if begins <= one.at < ends]
    whole = _as_one(begins, shown) if shown else None
    return PeriodView(period, begins, ends, step, _folded(shown, by_step), _folded(shown, row), whole)


def _by(step: timedelta) -> _Begin:
    seconds = int(step.total_seconds())
    return lambda moment: datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def _by_day(zone: ZoneInfo) -> _Begin:
    return lambda moment: datetime.combine(moment.astimezone(zone).date(), time.min, zone)


def _folded(stretches: Iterable[Stretch], begin: _Begin) -> tuple[Stretch, ...]:
    grouped = groupby(stretches, key=lambda one: begin(one.at))
    return tuple(_as_one(at, list(found)) for at, found in grouped)


def _as_one(at: datetime, found: list[Stretch]) -> Stretch:
    return Stretch(
        at=at,
        count=sum(one.count for one in found),
        total=sum(one.total for one in found),
        lowest=min(one.lowest for one in found),
        highest=max(one.highest for one in found),
    )
