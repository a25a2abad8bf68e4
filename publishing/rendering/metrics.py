"""A metric's own documents: its page, its charts, and what machines read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from common.instants import Stamp, in_zone, optional, utc
from metrics.choices import Period
from publishing.charts import MetricView, PeriodView, Stretch
from publishing.encoding import as_json
from publishing.rendering import charts, engine, words
from publishing.rendering.statuspage import JSON
from publishing.snapshot import PageView
from store import Document

# Beginnings of their paths; the second is where Statuspage has the numbers behind a chart.
OWN, DISPLAY = "/metrics/", "/metrics-display/"
NAMES = {
    Period.DAY: gettext_lazy("Day"),
    Period.WEEK: gettext_lazy("Week"),
    Period.MONTH: gettext_lazy("Month"),
}


def periods() -> list[tuple[Period, Promise]]:
    """Each with its name, for whoever chooses one."""
    return [(period, NAMES[period]) for period in Period]


def pictures() -> list[tuple[Period, str]]:
    """Each with what a picture of it is called."""
    return [(period, str(charts.PERIODS[period])) for period in Period]


def metric_id(path: str) -> str | None:
    """Of the metric whose document this is."""
    if not path.startswith((OWN, DISPLAY)):
        return None
    return path.split("/")[2].removesuffix(".json")


def for_machines(page: PageView, metric: MetricView) -> list[Document]:
    """All there is to know, and each period in the words of Statuspage."""
    stamp = in_zone(engine.zone(page.time_zone))
    return [
        Document(f"{OWN}{metric.id}.json", as_json(_whole(page, metric, stamp)).encode(), JSON, cold=True),
        *(
            Document(
                f"{DISPLAY}{metric.id}/{one.period}.json",
                as_json(_display(metric, one, stamp)).encode(),
                JSON,
                cold=True,
            )
            for one in metric.periods
        ),
    ]


def _whole(page: PageView, metric: MetricView, stamp: Stamp) -> dict[str, Any]:
    return {
        "page": {"id": page.id, "name": page.name, "url": page.base_url, "time_zone": page.time_zone},
        "metric": {
            "id": metric.id,
            "name": metric.name,
            "description": metric.explanation or None,
            "suffix": metric.suffix,
            "decimal_places": metric.decimals,
            "latest": {"at": stamp(metric.latest[0]), "value": metric.latest[1]} if metric.latest else None,
        },
        "periods": {str(one.period): _period(one, stamp) for one in metric.periods},
    }


def _period(one: PeriodView, stamp: Stamp) -> dict[str, Any]:
    return {
        "begins_at": stamp(one.begins),
        "ends_at": stamp(one.ends),
        "step": int(one.step.total_seconds()),
        "summary": _numbers(one.whole) if one.whole else None,
        "points": [{"at": utc(stretch.at), **_numbers(stretch)} for stretch in one.stretches],
    }


def _numbers(stretch: Stretch) -> dict[str, Any]:
    return {
        "count": stretch.count,
        "average": _rounded(stretch.mean),
        "lowest": stretch.lowest,
        "highest": stretch.highest,
    }


def _display(metric: MetricView, one: PeriodView, stamp: Stamp) -> dict[str, Any]:
    """As Statuspage's own pages read it. What a provider knows the metric by is nobody's business."""
    summary = {
        "sum": _rounded(one.whole.total) if one.whole else 0.0,
        "mean": _rounded(one.whole.mean) if one.whole else 0.0,
    }
    seconds = int(one.step.total_seconds())
    return {
        "period": {
            "count": int((one.ends - one.begins) / one.step),
            "interval": seconds,
            "identifier": str(one.period),
        },
        "metrics": [
            {
                "metric": {
                    "id": metric.id,
                    "name": metric.name,
                    "metrics_display_id": metric.id,
                    "created_at": optional(stamp, metric.created_at),
                    "updated_at": optional(stamp, metric.updated_at),
                    "most_recent_data_at": stamp(metric.latest[0]) if metric.latest else None,
                    "backfilled": False,
                },
                "summary": summary,
                "data": [
                    {"timestamp": int(stretch.at.timestamp()), "value": _rounded(stretch.mean)}
                    for stretch in one.stretches
                ],
            }
        ],
        "summary": summary,
    }


def _rounded(value: float) -> float:
    """Without what sums of floats leave behind."""
    return float(f"{value:.12g}")


def values(metric: MetricView) -> dict[str, Any]:
    """What the metric's page shows, in the language and zone that are active."""
    return {
        "metric": metric,
        "latest": charts.number(metric.latest[1], metric) if metric.latest else "",
        "periods": [_shown(metric, one) for one in metric.periods],
    }


def _shown(metric: MetricView, one: PeriodView) -> dict[str, Any]:
    return {
        "period": str(one.period),
        "title": charts.PERIODS[one.period],
        "summary": charts.summary(metric, one),
        "rows": _rows(metric, one.rows, by_hour=one.period == Period.DAY),
    }


def _rows(metric: MetricView, rows: Iterable[Stretch], *, by_hour: bool) -> list[dict[str, str]]:
    """Newest first."""
    return [
        {
            "at": _clock(row.at) if by_hour else words.day_name(timezone.localtime(row.at).date()),
            "average": charts.number(row.mean, metric),
            "lowest": charts.number(row.lowest, metric),
            "highest": charts.number(row.highest, metric),
        }
        for row in reversed(list(rows))
    ]


def _clock(at: datetime) -> str:
    return dateformat.format(timezone.localtime(at.astimezone(UTC)), str(words.PATTERNS["near"]))
