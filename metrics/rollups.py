"""Rollups: the SQL, and dropping what is too old to be charted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from metrics.choices import Step

# Points wait a day longer than they are taken, so that a rollup that is made anew has all of its own.
POINTS_KEPT = timedelta(days=31)
_KEPT = {Step.FIVE_MINUTES: timedelta(days=31), Step.HOUR: timedelta(days=366)}
"""Days are kept for good."""
_AT_ONCE = 20_000

_INTO = """
    INSERT INTO metrics_metricrollup AS rollup
           (metric_id, step, begins_at, count, total, lowest, highest)
"""
_TOUCHED = """
    FROM unnest(%(metrics)s::text[], %(begins)s::timestamptz[]) AS touched (pk, begins)
"""
_REPLACE = """
   GROUP BY touched.pk, touched.begins
      ON CONFLICT (metric_id, step, begins_at) DO UPDATE
     SET count = excluded.count, total = excluded.total,
         lowest = excluded.lowest, highest = excluded.highest
"""
_OF_POINTS = f"""
  {_INTO}
  SELECT touched.pk, %(step)s, touched.begins, count(*), sum(value), min(value), max(value)
  {_TOUCHED}
    JOIN metrics_metricpoint AS point ON point.metric_id = touched.pk
     AND point.at >= touched.begins AND point.at < touched.begins + %(length)s
  {_REPLACE}
"""
_OF_ROLLUPS = f"""
  {_INTO}
  SELECT touched.pk, %(step)s, touched.begins, sum(part.count), sum(part.total), min(part.lowest),
         max(part.highest)
  {_TOUCHED}
    JOIN metrics_metricrollup AS part ON part.metric_id = touched.pk AND part.step = %(of)s
     AND part.begins_at >= touched.begins AND part.begins_at < touched.begins + %(length)s
  {_REPLACE}
"""
_DROP_POINTS = """
    DELETE FROM metrics_metricpoint WHERE id IN
           (SELECT point.id FROM metrics_metricpoint AS point JOIN metrics_metric AS metric
                ON metric.id = point.metric_id AND metric.page_id = %(page)s
             WHERE point.at < %(before)s LIMIT %(most)s)
"""
_DROP_ROLLUPS = """
    DELETE FROM metrics_metricrollup AS rollup USING metrics_metric AS metric
     WHERE metric.id = rollup.metric_id AND metric.page_id = %(page)s
       AND rollup.step = %(step)s AND rollup.begins_at < %(before)s
"""


def roll_up(cursor: CursorWrapper, metrics: Sequence[str], moments: Sequence[datetime]) -> None:
    """Make the rollups that hold these moments, of these metrics, anew: three statements, however many.

    The caller has locked the metrics.
    """
    _fold(cursor, _OF_POINTS, Step.FIVE_MINUTES, Step.FIVE_MINUTES, metrics, moments)
    _fold(cursor, _OF_ROLLUPS, Step.HOUR, Step.FIVE_MINUTES, metrics, moments)
    _fold(cursor, _OF_ROLLUPS, Step.DAY, Step.HOUR, metrics, moments)


def _fold(
    cursor: CursorWrapper, sql: str, step: Step, of: Step, metrics: Sequence[str], moments: Sequence[datetime]
) -> None:
    touched = {(pk, begin(at, step)) for pk, at in zip(metrics, moments, strict=True)}
    values: dict[str, Any] = {
        "metrics": [pk for pk, _at in touched],
        "begins": [at for _pk, at in touched],
        "step": step.value,
        "length": step.length,
        "of": of.value,
    }
    cursor.execute(sql, values)


def begin(moment: datetime, step: Step) -> datetime:
    """Of the stretch of time that it lies in. Days are UTC's."""
    return datetime.fromtimestamp(int(moment.timestamp()) // step * step, UTC)


def purge(page_id: str, now: datetime) -> bool:
    """Drop the points and rollups of a page that are too old; whether there may be more."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"page": page_id, "before": now - POINTS_KEPT, "most": _AT_ONCE}
        cursor.execute(_DROP_POINTS, values)
        more = bool(cursor.rowcount == _AT_ONCE)
        for step, kept in _KEPT.items():
            cursor.execute(_DROP_ROLLUPS, {"page": page_id, "step": step.value, "before": now - kept})
    return more
