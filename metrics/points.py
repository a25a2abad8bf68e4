"""Verbs on points: adding many at once, forgetting all of a metric, and dropping what has become too old.

Points make no events and no versions: a chart is a document beside the page's. Rollups are made in the same
transaction, from all points of their stretch of time, so that nothing is ever counted twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from common.errors import Refused
from events.actor import Actor
from metrics.asking import CHART_EVERY, ask_for_charts
from metrics.models import Metric, MetricPoint, MetricRollup
from metrics.rollups import roll_up
from pages.change import record
from pages.models import StatusPage

KEPT = timedelta(days=30)
# A clock may go fast by so much.
AHEAD = timedelta(minutes=5)
MOST = 3_000
# What every chart can show and every client can read without loss.
LARGEST = 1e15
# Seconds since 1970 have ten digits, milliseconds thirteen.
_MILLISECONDS = 10**11

Batch = Mapping[str, Sequence[tuple[int, float]]]
"""By metric's id: seconds since 1970, and the value then."""

_ADD = """
    INSERT INTO metrics_metricpoint AS point (metric_id, at, value)
    SELECT * FROM unnest(%(metrics)s::text[], %(at)s::timestamptz[], %(values)s::float8[])
    ON CONFLICT (metric_id, at) DO UPDATE SET value = excluded.value
"""
_NEWEST = """
    UPDATE metrics_metric SET most_recent_data_at = greatest(most_recent_data_at, newest.at)
      FROM (SELECT id, max(at) AS at FROM unnest(%(metrics)s::text[], %(at)s::timestamptz[]) AS given (id, at)
             GROUP BY id) AS newest
     WHERE metrics_metric.id = newest.id
"""


def check_points(points: Iterable[tuple[Any, Any]], now: datetime) -> list[tuple[int, float]]:
    """The same points, once each is known to be one: whole seconds, at a time that charts show, and a finite
    number. Raises Refused, naming `timestamp` or `value`, and which point it is about."""
    return [_checked(number, *point, now) for number, point in enumerate(points, start=1)]


def add_points(page: StatusPage, batch: Batch, now: datetime) -> None:
    """Add points to metrics of the page: all of them or none. One that is there already, at the same second,
    is replaced; so of two in one batch the later one counts.

    Raises Refused for what `check_points` refuses, for more than MOST, for a metric that the page has not,
    and for one whose source is disabled.
    """
    if sum(len(points) for points in batch.values()) > MOST:
        raise Refused(_("More than %(count)d points at once are too many.") % {"count": MOST}, "data")
    checked = {pk: check_points(points, now) for pk, points in batch.items()}
    found = {(pk, at): value for pk, points in checked.items() for at, value in points}
    with transaction.atomic(durable=True):
        metrics = _locked(page, batch)
        if found:
            _write(found)
            ask_for_charts(page.pk, _due(metrics, now))


def reset_data(page: StatusPage, metric: Metric, actor: Actor, now: datetime) -> None:
    """Forget all points of a metric. It stays, without values."""
    with transaction.atomic(durable=True):
        _locked(page, [metric.pk])
        MetricPoint.objects.filter(metric=metric).delete()
        MetricRollup.objects.filter(metric=metric).delete()
        Metric.objects.filter(pk=metric.pk).update(most_recent_data_at=None)
        record(actor, "metric.reset", "metric", metric.pk, {"id": metric.pk}, page_id=page.pk)
        ask_for_charts(page.pk, now)
    metric.most_recent_data_at = None


def _locked(page: StatusPage, ids: Iterable[str]) -> list[Metric]:
    """One writer of a metric at a time, or a rollup would miss what the other has not committed yet. In the
    order of their ids, so that two who write several never wait for each other."""
    wanted = sorted(ids)
    rows = page.metrics.filter(pk__in=wanted, page__deleted_at=None).select_related("provider")
    metrics = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if missing := [pk for pk in wanted if pk not in {metric.pk for metric in metrics}]:
        message = _("This page has no metric with the id %(id)s.") % {"id": missing[0][:40]}
        raise Refused(message, "metric_id")
    if disabled := [metric.name for metric in metrics if metric.provider.disabled]:
        raise Refused(_("The source of “%(name)s” is disabled.") % {"name": disabled[0]}, "metric_id")
    return metrics


def _write(found: Mapping[tuple[str, int], float]) -> None:
    metrics = [pk for pk, _at in found]
    moments = [datetime.fromtimestamp(at, UTC) for _pk, at in found]
    values: dict[str, Any] = {"metrics": metrics, "at": moments, "values": list(found.values())}
    with connection.cursor() as cursor:
        cursor.execute(_ADD, values)
        cursor.execute(_NEWEST, values)
        roll_up(cursor, metrics, moments)


def _due(metrics: Iterable[Metric], now: datetime) -> datetime:
    """A page's charts are made at most once in a while, however many of its metrics have news."""
    charted = max((metric.charted_at for metric in metrics if metric.charted_at), default=None)
    return now if charted is None else max(now, charted + CHART_EVERY)


def _checked(number: int, timestamp: Any, value: Any, now: datetime) -> tuple[int, float]:
    if isinstance(timestamp, float) and timestamp.is_integer():
        timestamp = int(timestamp)
    if not isinstance(timestamp, int) or isinstance(timestamp, bool) or timestamp < 0:
        raise Refused(_about(number, _("the timestamp is a whole number of seconds since 1970")), "timestamp")
    if timestamp >= _MILLISECONDS:
        raise Refused(_about(number, _("the timestamp is in seconds, not in milliseconds")), "timestamp")
    at = datetime.fromtimestamp(timestamp, UTC)
    if at > now + AHEAD:
        raise Refused(_about(number, _("the timestamp lies in the future")), "timestamp")
    if at < now - KEPT:
        message = _("the timestamp is older than the %(days)d days that are kept") % {"days": KEPT.days}
        raise Refused(_about(number, message), "timestamp")
    return timestamp, _number(number, value)


def _number(number: int, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused(_about(number, _("the value is not a number")), "value")
    # A whole number may have thousands of digits.
    if abs(value) <= LARGEST and math.isfinite(value):
        return float(value)
    raise Refused(_about(number, _("the value is not a number between −10¹⁵ and 10¹⁵")), "value")


def _about(number: int, problem: str) -> str:
    return _("Point %(number)d: %(problem)s.") % {"number": number, "problem": problem}
