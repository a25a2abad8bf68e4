"""Charts: documents of their own, made from points without a version, at most once a minute."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from edge.app import is_awaited
from metrics.actions import create_metric, delete_metric, update_metric
from metrics.asking import CHART_EVERY, CHARTS
from metrics.choices import Period
from metrics.models import Metric, MetricsProvider
from metrics.points import add_points, reset_data
from outbox.models import OutboxItem
from outbox.registry import Later
from pages.actions import delete_page, update_page
from pages.choices import PageType
from pages.models import StatusPage
from publishing.building.charts import metric_views
from publishing.charting import publish_charts
from publishing.charts import Stretch
from publishing.documents import CHARTS as CHARTS_SLICE
from publishing.finding import slice_for
from publishing.rendering import engine, ticks
from publishing.storage import store
from store import Manifest
from tests.conftest import ACTOR
from tests.metrics.samples import fill
from tests.publishing.published import assert_published, drain_publishing, stored

NOW = datetime(2026, 11, 20, 12, 2, 30, tzinfo=UTC)
AT = int(NOW.timestamp())
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def about_now() -> Iterator[None]:
    """Time goes on, so that publishing comes to its end."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def clock(about_now: None) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def published(about_now: None, page: StatusPage, metric: Metric) -> StatusPage:
    """The page as it was published before `clock` stopped."""
    drain_publishing()
    return page


def paths(page: StatusPage) -> set[str]:
    return {path for path in stored(page) if path.startswith("/metrics")}


def drawn(body: bytes) -> Any:
    """A chart of ours."""
    return ET.fromstring(body)  # noqa: S314


def own_paths(metric: Metric) -> set[str]:
    pictures = {f"/metrics/{metric.pk}/{period}.svg" for period in Period}
    numbers = {f"/metrics-display/{metric.pk}/{period}.json" for period in Period}
    return {f"/metrics/{metric.pk}", f"/metrics/{metric.pk}.json"} | pictures | numbers


def test_a_metric_has_its_documents_from_its_first_version_on(page: StatusPage, metric: Metric) -> None:
    drain_publishing()
    assert paths(page) == own_paths(metric)
    home = stored(page)["/"].decode()
    assert f'src="/metrics/{metric.pk}/day.svg"' in home
    assert f'href="/metrics/{metric.pk}"' in home


def test_a_point_changes_charts_and_neither_page_nor_version(page: StatusPage, metric: Metric) -> None:
    drain_publishing()
    before, order = stored(page), store().manifest(page.pk).order  # type: ignore[union-attr]
    with time_machine.travel(NOW + CHART_EVERY, tick=True):
        add_points(page, {metric.pk: [(AT, 123.0)]}, NOW + CHART_EVERY)
        drain_publishing()
    after = stored(page)
    manifest = store().manifest(page.pk)

    assert manifest is not None
    assert manifest.version == order[0]
    assert manifest.order > order
    assert {path for path in after if after[path] != before.get(path)} == own_paths(metric)
    assert ">123 <tspan" in after[f"/metrics/{metric.pk}/day.svg"].decode()


def test_charts_are_made_once_a_minute_however_many_points_come(
    published: StatusPage, metric: Metric, clock: time_machine.Coordinates
) -> None:
    page = published
    publish_charts(page.pk)
    for second in range(0, 60, 7):
        clock.move_to(NOW + timedelta(seconds=second))
        add_points(page, {metric.pk: [(AT + second, 1.0)]}, NOW)
        with pytest.raises(Later) as later:
            publish_charts(page.pk)
        assert later.value.delay == CHART_EVERY - timedelta(seconds=second)

    clock.move_to(NOW + CHART_EVERY)
    publish_charts(page.pk)
    row = OutboxItem.objects.get(topic=CHARTS, key=page.pk)
    assert row.due_at == NOW + CHART_EVERY


def test_without_new_points_charts_still_move_on_and_at_last_rest(
    published: StatusPage, metric: Metric, clock: time_machine.Coordinates
) -> None:
    page = published
    add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)
    OutboxItem.objects.all().delete()
    publish_charts(page.pk)
    assert OutboxItem.objects.get(topic=CHARTS).due_at == NOW + timedelta(minutes=5)

    clock.move_to(NOW + timedelta(days=32))
    OutboxItem.objects.all().delete()
    publish_charts(page.pk)
    assert not OutboxItem.objects.filter(topic=CHARTS).exists()
    assert "No data" in stored(page)[f"/metrics/{metric.pk}/month.svg"].decode()


def test_what_is_hidden_or_deleted_leaves_nothing_behind(
    page: StatusPage, own: MetricsProvider, metric: Metric
) -> None:
    other = create_metric(page, own, ACTOR, name="Secret number")
    fill(other, NOW, days=1)
    drain_publishing()
    assert paths(page) == own_paths(metric) | own_paths(other)

    update_metric(page, other, ACTOR, display=False)
    drain_publishing()
    assert paths(page) == own_paths(metric)
    assert not [path for path, body in stored(page).items() if b"Secret" in body or other.pk.encode() in body]
    Metric.objects.update(charted_at=None)
    publish_charts(page.pk)
    assert paths(page) == own_paths(metric)

    update_metric(page, other, ACTOR, display=True)
    delete_metric(page, metric, ACTOR)
    drain_publishing()
    assert paths(page) == own_paths(other)
    assert_published(page)


def test_a_page_that_is_not_for_everybody_shows_no_chart(page: StatusPage, metric: Metric) -> None:
    fill(metric, NOW, days=1)
    drain_publishing()
    update_page(page, ACTOR, page_type=PageType.TEAM)
    drain_publishing()
    assert not paths(page)

    Metric.objects.update(charted_at=None)
    add_points(page, {metric.pk: [(AT, 5.0)]}, NOW)
    drain_publishing()
    assert not paths(page)
    assert not [path for path, body in stored(page).items() if metric.pk.encode() in body]


def test_a_page_that_is_taken_away_gets_no_charts(page: StatusPage, metric: Metric) -> None:
    drain_publishing()
    delete_page(page, ACTOR)
    drain_publishing()
    publish_charts(page.pk)
    assert store().manifest(page.pk) is None


def test_a_new_look_is_that_of_the_charts_too(page: StatusPage, metric: Metric) -> None:
    fill(metric, NOW, days=1)
    drain_publishing()
    update_page(page, ACTOR, accent="#0f766e", language="de")
    drain_publishing()

    chart = stored(page)[f"/metrics/{metric.pk}/day.svg"].decode()
    assert "#0f766e" in chart
    assert 'lang="de"' in chart
    assert_published(page)


def test_a_chart_says_what_it_shows_and_has_the_same_in_a_table(page: StatusPage, metric: Metric) -> None:
    add_points(page, {metric.pk: [(AT - 3 * 3600, 10.0), (AT - 60, 20.0), (AT, 40.0)]}, NOW)
    drain_publishing()
    found = stored(page)
    svg = drawn(found[f"/metrics/{metric.pk}/day.svg"])
    table = found[f"/metrics/{metric.pk}"].decode()

    assert svg.get("role") == "img"
    title, told = (svg.find(f"{SVG}{name}") for name in ("title", "desc"))
    assert title is not None
    assert told is not None
    assert svg.get("aria-labelledby") == f"{title.get('id')} {told.get('id')}"
    assert title.text == "Response time: Last 24 hours"
    assert told.text == "Average 23 ms, lowest 10 ms, highest 40 ms."
    rows = re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>', table)
    assert rows[0] == ("20 Nov, 13:00", "30 ms", "20 ms", "40 ms")
    assert rows[1] == ("20 Nov, 10:00", "10 ms", "10 ms", "10 ms")


def test_a_line_is_interrupted_where_nothing_is_known(page: StatusPage, metric: Metric) -> None:
    near = [(AT - 300 * step, 5.0) for step in range(4)]
    far = [(AT - 6 * 3600 - 300 * step, 5.0) for step in range(4)]
    add_points(page, {metric.pk: [*near, *far, (AT - 20 * 3600, 5.0)]}, NOW)
    drain_publishing()
    chart = stored(page)[f"/metrics/{metric.pk}/day.svg"].decode()

    line = re.search(r'<path class="l" d="([^"]*)"', chart)
    assert line is not None
    assert line[1].count("M") == 3
    # What stands alone is a dot.
    assert line[1].count("h0") == 1


def test_machines_read_all_numbers_and_what_statuspage_has_behind_a_chart(
    page: StatusPage, metric: Metric
) -> None:
    add_points(page, {metric.pk: [(AT - 60, 20.0), (AT, 40.0)]}, NOW)
    drain_publishing()
    found = stored(page)
    whole = json.loads(found[f"/metrics/{metric.pk}.json"])
    shown = json.loads(found[f"/metrics-display/{metric.pk}/day.json"])

    assert whole["metric"]["latest"] == {"at": "2026-11-20T13:02:30.000+01:00", "value": 40.0}
    assert whole["periods"]["day"]["summary"] == {
        "count": 2,
        "average": 30.0,
        "lowest": 20.0,
        "highest": 40.0,
    }
    assert shown["summary"] == {"sum": 60.0, "mean": 30.0}
    assert shown["period"] == {"count": 288, "interval": 300, "identifier": "day"}
    assert shown["metrics"][0]["metric"]["name"] == "Response time"
    assert shown["metrics"][0]["data"] == [{"timestamp": AT // 300 * 300, "value": 30.0}]


def test_names_cannot_break_out_of_a_chart(page: StatusPage, own: MetricsProvider) -> None:
    evil = '</title><script>alert("x")</script>&'
    metric = create_metric(page, own, ACTOR, name=evil, suffix="<b>&\"'", tooltip_description=evil)
    add_points(page, {metric.pk: [(AT, 1.0)]}, NOW)
    drain_publishing()
    found = stored(page)

    for period in Period:
        svg = drawn(found[f"/metrics/{metric.pk}/{period}.svg"])
        assert not svg.findall(f".//{SVG}script")
        assert evil in (svg.findtext(f"{SVG}title") or "")
    assert b"<script>alert" not in found["/"] + found[f"/metrics/{metric.pk}"]


def test_many_metrics_take_as_many_queries_as_one(
    page: StatusPage, own: MetricsProvider, metric: Metric
) -> None:
    counts = []
    for more in (0, 5):
        for number in range(more):
            fill(create_metric(page, own, ACTOR, name=f"M{number}"), NOW, days=0.2)
        with CaptureQueriesContext(connection) as captured:
            metric_views(StatusPage.objects.get(pk=page.pk), NOW)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_resetting_empties_the_chart(page: StatusPage, metric: Metric) -> None:
    fill(metric, NOW, days=1)
    drain_publishing()
    Metric.objects.update(charted_at=None)
    # The row rests for a moment after its work.
    OutboxItem.objects.filter(topic=CHARTS).delete()
    reset_data(page, metric, ACTOR, NOW)
    drain_publishing()
    assert "No data" in stored(page)[f"/metrics/{metric.pk}/day.svg"].decode()


def test_what_a_period_comes_to_is_what_its_points_come_to(page: StatusPage, metric: Metric) -> None:
    fill(metric, NOW, days=30, every=3600)
    view = metric_views(page, NOW)[0]
    for one in view.periods:
        values = list(
            metric.points.filter(at__gte=one.begins, at__lt=one.ends).values_list("value", flat=True)
        )
        assert one.whole is not None
        assert (one.whole.count, one.whole.lowest, one.whole.highest) == (
            len(values),
            min(values),
            max(values),
        )
        assert one.whole.mean == pytest.approx(sum(values) / len(values))
        for parts in (one.stretches, one.rows):
            assert sum(part.count for part in parts) == len(values)
            assert list(parts) == sorted(parts, key=lambda part: part.at)


SCALES: list[tuple[list[float], tuple[float | None, float | None]]] = [
    ([1.0], (None, None)),
    ([0.0], (None, None)),
    ([-5.0, -5.0], (None, None)),
    ([99.97, 99.99, 100.0], (None, None)),
    ([-1e15, 1e15], (None, None)),
    ([1e15, 1e15], (None, None)),
    ([1e-9, 3e-9], (None, None)),
    ([3.0, 400.0], (None, None)),
    ([50.0], (0.0, 100.0)),
    ([500.0], (0.0, 100.0)),
    ([-500.0], (0.0, None)),
    ([500.0], (None, 100.0)),
    ([1e300], (0.0, 1e-300)),
]


@pytest.mark.parametrize(("values", "axis"), SCALES, ids=str)
def test_every_axis_has_few_round_marks_around_its_values(
    values: list[float], axis: tuple[float | None, float | None]
) -> None:
    stretches = [Stretch(NOW, 1, value, value, value) for value in values]
    marks = ticks.of_values(stretches, axis)

    assert marks.low < marks.high
    assert 1 <= len(marks.at) <= 8
    assert all(marks.low * (1 - 1e-9) - 1e-12 <= at or at <= marks.high for at in marks.at)
    if axis == (None, None):
        assert marks.low <= min(values)
        assert max(values) <= marks.high
    for fixed, end in zip(axis, (marks.low, marks.high), strict=True):
        assert fixed is None or fixed == end


def test_hours_are_those_of_the_clock_on_the_wall_also_when_it_is_changed(
    page: StatusPage, metric: Metric
) -> None:
    """Berlin's night of 25 October 2026 has an hour twice."""
    at = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
    view = metric_views(page, at)[0]
    with engine.locale(page), time_machine.travel(at, tick=False):  # type: ignore[arg-type]
        marks = list(ticks.of_time(view.periods[0]))
    assert [said for _at, said, _wide in marks] == ["16:00", "20:00", "00:00", "04:00", "08:00", "12:00"]
    assert marks[3][0].astimezone(UTC) - marks[2][0].astimezone(UTC) == timedelta(hours=5)


def test_charts_that_are_awaited_are_found_by_their_addresses(page: StatusPage, metric: Metric) -> None:
    for path in own_paths(metric):
        assert slice_for(page, path, [CHARTS_SLICE]) == CHARTS_SLICE
        assert slice_for(page, path, []) is None
        assert is_awaited(Manifest(page.pk, "public", 1, 0, NOW.isoformat(), {}, (CHARTS_SLICE,)), path)
