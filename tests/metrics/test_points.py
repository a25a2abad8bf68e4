"""Points go in once, whatever is sent, and rollups are always what the points come to."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.errors import Refused
from events.models import Event
from metrics.actions import create_metric, create_provider, delete_metric, delete_provider, update_provider
from metrics.asking import CHART_EVERY, CHARTS
from metrics.choices import Step
from metrics.models import Metric, MetricPoint, MetricRollup, MetricsProvider
from metrics.points import AHEAD, KEPT, MOST, add_points, reset_data
from metrics.rollups import POINTS_KEPT, begin, purge
from outbox.models import OutboxItem
from pages.actions import delete_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.refusals import refusal

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
AT = int(NOW.timestamp())
_DAY = 86400


def rollups(metric: Metric) -> dict[tuple[int, datetime], tuple[int, float, float, float]]:
    columns = ("step", "begins_at", "count", "total", "lowest", "highest")
    return {(row[0], row[1]): row[2:] for row in metric.rollups.values_list(*columns)}


def expected(metric: Metric) -> dict[tuple[int, datetime], tuple[int, float, float, float]]:
    """What rollups have to be, made from the points one by one."""
    found: dict[tuple[int, datetime], list[float]] = defaultdict(list)
    for at, value in metric.points.values_list("at", "value"):
        for step in Step:
            found[step.value, begin(at, step)].append(value)
    return {key: (len(one), pytest.approx(sum(one)), min(one), max(one)) for key, one in found.items()}


def test_rollups_are_what_the_points_come_to_in_whatever_order_and_however_often_they_come(
    page: StatusPage, own: MetricsProvider, metric: Metric
) -> None:
    other = create_metric(page, own, ACTOR, name="Other")
    chance = random.Random(5)
    for _batch in range(25):
        points = {
            one.pk: [
                (AT - chance.randrange(3 * _DAY) // 40 * 40, chance.uniform(-5, 5))
                for _ in range(chance.randrange(1, 30))
            ]
            for one in (metric, other)
        }
        add_points(page, points, NOW)

    for one in (metric, other):
        assert rollups(one) == expected(one)
        newest = one.points.order_by("-at").values_list("at", flat=True)[0]
        assert Metric.objects.get(pk=one.pk).most_recent_data_at == newest


def test_a_point_that_is_sent_again_replaces_the_former(page: StatusPage, metric: Metric) -> None:
    add_points(page, {metric.pk: [(AT, 1.0), (AT, 2.0)]}, NOW)
    add_points(page, {metric.pk: [(AT, 7)]}, NOW)

    assert [one.value for one in metric.points.all()] == [7.0]
    assert {row[:2] for row in rollups(metric).values()} == {(1, 7.0)}


def test_a_late_point_does_not_move_the_newest_moment_back(page: StatusPage, metric: Metric) -> None:
    add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)
    add_points(page, {metric.pk: [(AT - _DAY, 1.0)]}, NOW)
    metric.refresh_from_db()

    assert metric.most_recent_data_at == datetime.fromtimestamp(AT, UTC)


REFUSED: list[tuple[Any, Any, str, str]] = [
    (AT, float("nan"), "value", "between"),
    (AT, float("inf"), "value", "between"),
    (AT, float("-inf"), "value", "between"),
    (AT, 1.1e15, "value", "between"),
    (AT, 10**400, "value", "between"),
    (AT, "1", "value", "not a number"),
    (AT, None, "value", "not a number"),
    (AT, True, "value", "not a number"),
    (AT, [1], "value", "not a number"),
    ("1", 1, "timestamp", "whole number"),
    (None, 1, "timestamp", "whole number"),
    (True, 1, "timestamp", "whole number"),
    (AT + 0.5, 1, "timestamp", "whole number"),
    (float("nan"), 1, "timestamp", "whole number"),
    (-1, 1, "timestamp", "whole number"),
    (AT * 1000, 1, "timestamp", "milliseconds"),
    (10**400, 1, "timestamp", "milliseconds"),
    (AT + int(AHEAD.total_seconds()) + 1, 1, "timestamp", "future"),
    (AT - int(KEPT.total_seconds()) - 1, 1, "timestamp", "30 days"),
    (0, 1, "timestamp", "30 days"),
]


def test_what_is_no_point_is_refused_in_words_with_all_that_came_with_it(
    page: StatusPage, metric: Metric
) -> None:
    for timestamp, value, field, said in REFUSED:
        row = (timestamp, value)
        told = refusal(add_points, page, {metric.pk: [(AT, 1.0), row]}, NOW)
        assert told, row
        assert told.field == field, row
        assert "Point 2: " in told.message, row
        assert said in told.message, row
        assert not MetricPoint.objects.exists(), row


def test_the_outermost_points_that_are_taken_are_taken(page: StatusPage, metric: Metric) -> None:
    ends = [AT + int(AHEAD.total_seconds()), AT - int(KEPT.total_seconds())]
    add_points(page, {metric.pk: [(float(ends[0]), -1e15), (ends[1], 0)]}, NOW)

    assert metric.points.count() == 2


def test_metrics_that_are_not_the_pages_take_nothing(
    page: StatusPage, metric: Metric, own: MetricsProvider, acme: Tenant
) -> None:
    for batch in ({"unknown": [(AT, 1.0)]}, {metric.pk: [(AT, 1.0)], "zzz": [(AT, 1.0)]}):
        with pytest.raises(Refused) as refusal:
            add_points(page, batch, NOW)
        assert refusal.value.field == "metric_id"

    update_provider(page, own, ACTOR, disabled=True)
    with pytest.raises(Refused, match="disabled"):
        add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)

    update_provider(page, own, ACTOR, disabled=False)
    delete_page(page, ACTOR)
    with pytest.raises(Refused):
        add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)
    assert not MetricPoint.objects.exists()


def test_adding_takes_as_many_queries_for_thousands_as_for_one(
    page: StatusPage, own: MetricsProvider
) -> None:
    metrics = [create_metric(page, own, ACTOR, name=f"Metric {number}") for number in range(4)]
    counts = []
    for each in (1, MOST // len(metrics)):
        batch = {one.pk: [(AT - 60 * step, float(step)) for step in range(each)] for one in metrics}
        with CaptureQueriesContext(
            connection,
        ) as captured:
            add_points(page, batch, NOW)
        counts.append(len(captured))

    assert counts[0] == counts[1] < 12
    assert MetricPoint.objects.count() == MOST
    with pytest.raises(Refused, match="too many"):
        add_points(page, {metrics[0].pk: [(AT - step, 1.0) for step in range(MOST + 1)]}, NOW)


def test_points_take_no_version_and_ask_for_charts_at_most_once_a_minute(
    page: StatusPage, metric: Metric
) -> None:
    before = (page.version, Event.objects.count())
    OutboxItem.objects.filter(topic=CHARTS).delete()
    add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)
    assert OutboxItem.objects.get(topic=CHARTS, key=page.pk).due_at == NOW

    OutboxItem.objects.filter(topic=CHARTS).delete()
    Metric.objects.filter(pk=metric.pk).update(charted_at=NOW - CHART_EVERY / 2)
    for second in range(5):
        add_points(page, {metric.pk: [(AT + second, 1.0)]}, NOW)
    assert OutboxItem.objects.get(topic=CHARTS, key=page.pk).due_at == NOW + CHART_EVERY / 2

    page.refresh_from_db()
    assert (page.version, Event.objects.count()) == before


def test_resetting_forgets_every_point_of_one_metric_alone(
    page: StatusPage, own: MetricsProvider, metric: Metric
) -> None:
    other = create_metric(page, own, ACTOR, name="Other")
    add_points(page, {metric.pk: [(AT, 1.0)], other.pk: [(AT, 2.0)]}, NOW)
    reset_data(page, metric, ACTOR, NOW)
    metric.refresh_from_db()

    assert not metric.points.exists()
    assert not metric.rollups.exists()
    assert metric.most_recent_data_at is None
    assert other.points.count() == 1
    assert other.rollups.count() == 3
    assert Event.objects.filter(name="metric.reset", object_id=metric.pk, version=None).count() == 1


def test_what_goes_takes_its_points_along(page: StatusPage, own: MetricsProvider, metric: Metric) -> None:
    other = create_metric(page, own, ACTOR, name="Other")
    add_points(page, {metric.pk: [(AT, 1.0)], other.pk: [(AT, 2.0)]}, NOW)
    delete_metric(page, metric, ACTOR)
    assert {point.metric_id for point in MetricPoint.objects.all()} == {other.pk}

    delete_provider(page, own, ACTOR)
    assert not MetricPoint.objects.exists()
    assert not MetricRollup.objects.exists()
    deleted = Event.objects.filter(name="metric.deleted").values_list("object_id", flat=True)
    assert set(deleted) == {metric.pk, other.pk}


def test_old_points_go_and_no_rollup_ever_loses_a_part(page: StatusPage, metric: Metric) -> None:
    """A rollup that is made anew has all of its points: they outlive the time in which points are taken."""
    assert timedelta(days=1) <= POINTS_KEPT - KEPT
    now = timezone.now()
    stamps = [int((now - age).timestamp()) for age in (timedelta(), KEPT - timedelta(hours=1))]
    add_points(page, {metric.pk: [(at, 1.0) for at in stamps]}, now)
    days = metric.rollups.filter(step=Step.DAY)
    kept = list(days.values("begins_at", "count"))

    assert not purge(page.pk, now)
    assert metric.points.count() == 2
    later = now + timedelta(days=2)
    assert not purge(page.pk, later)

    assert [int(point.at.timestamp()) for point in metric.points.all()] == stamps[:1]
    assert list(days.values("begins_at", "count")) == kept
    assert metric.rollups.filter(step=Step.FIVE_MINUTES).count() == 1
    assert metric.rollups.filter(step=Step.HOUR).count() == 2


def test_purging_leaves_other_pages_alone(page: StatusPage, metric: Metric) -> None:
    add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)

    purge("another", NOW + timedelta(days=400))
    assert metric.points.exists()
    purge(page.pk, NOW + timedelta(days=400))
    assert not metric.points.exists()


def test_another_page_of_the_organisation_cannot_add_to_a_metric(
    page: StatusPage, metric: Metric, acme: Tenant
) -> None:
    other = StatusPage(pk="other0000000", name="Other", slug="other", version_at=NOW)
    with pytest.raises(Refused):
        add_points(other, {metric.pk: [(AT, 1.0)]}, NOW)


def test_a_page_has_room_for_so_many_sources_and_no_more(page: StatusPage) -> None:
    for _number in range(20):
        create_provider(page, ACTOR, kind="Self")
    with pytest.raises(Refused, match="room for 20"):
        create_provider(page, ACTOR, kind="Self")
