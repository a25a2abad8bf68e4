"""Metrics as charts show them, without a database: busy, steady, with gaps, and empty."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from metrics.choices import Period
from publishing import render
from publishing.charts import MetricView, PeriodView, Stretch
from publishing.snapshot import MetricRef, Snapshot
from store import Document
from tests.publishing.notices import NOW

_PERIODS = (
    (Period.DAY, timedelta(days=1), timedelta(minutes=5), timedelta(hours=1)),
    (Period.WEEK, timedelta(days=7), timedelta(hours=1), timedelta(days=1)),
    (Period.MONTH, timedelta(days=30), timedelta(hours=4), timedelta(days=1)),
)


def _stretch(at: datetime, level: float) -> Stretch:
    wave = level * (1 + 0.3 * math.sin(at.timestamp() / 13_000) + 0.05 * math.sin(at.timestamp()))
    return Stretch(at, 1, wave, wave * 0.9, wave * 1.2)


def _period(
    period: Period, length: timedelta, step: timedelta, row: timedelta, level: float, gap: bool
) -> PeriodView:
    ends = NOW.replace(minute=35, second=0)
    begins = ends - length
    all_of_it = [_stretch(begins + number * step, level) for number in range(int(length / step))]
    cut = [one for one in all_of_it if not (gap and 0.3 < (one.at - begins) / length < 0.5)]
    shown = tuple(cut) if level else ()
    rows = tuple(shown[:: max(int(row / step), 1)])
    whole = Stretch(begins, len(shown), *(_over(shown))) if shown else None
    return PeriodView(period, begins, ends, step, shown, rows, whole)


def _over(shown: tuple[Stretch, ...]) -> tuple[float, float, float]:
    return (
        sum(one.total for one in shown),
        min(one.lowest for one in shown),
        max(one.highest for one in shown),
    )


def _metric(pk: str, name: str, level: float, *, gap: bool = False, **more: object) -> MetricView:
    periods = tuple(_period(*shape, level, gap) for shape in _PERIODS)
    latest = (NOW, periods[0].stretches[-1].mean) if level else None
    return MetricView(pk, name, latest=latest, periods=periods, **more)  # type: ignore[arg-type]


METRICS = (
    _metric("metric000001", "API response time", 182, suffix="ms", explanation="Seen from Frankfurt."),
    _metric("metric000002", "Requests", 24_300, gap=True, suffix="requests per minute", axis=(0.0, None)),
    _metric("metric000003", "Success", 99.9, suffix="%", decimals=3, axis_hidden=True),
    _metric("metric000004", "A queue with a name that is far too long for narrow screens, surely", 0),
)


def with_metrics(snapshot: Snapshot) -> tuple[Snapshot, list[Document]]:
    """The page with these metrics, and their documents."""
    refs = tuple(MetricRef(one.id, one.name, one.explanation) for one in METRICS)
    documents = [made for one in METRICS for made in render.render_metric(snapshot.page, one)]
    return replace(snapshot, metrics=refs), documents
