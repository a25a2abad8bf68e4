"""Several processes that add points to the same metrics at once: nobody's is missing from a rollup."""

from __future__ import annotations

import pytest

from tests.live import Live

pytestmark = pytest.mark.process

METRICS = """
import random, time
from django.utils import timezone
from events.actor import SYSTEM
from metrics.actions import create_metric, create_provider
from metrics.choices import Step
from metrics.models import Metric, MetricPoint, MetricRollup
from metrics.points import add_points
from metrics.rollups import begin
from pages.actions import create_page
from pages.models import StatusPage
"""
WRITER = """
with in_tenant(acme.id):
    page = StatusPage.objects.get(slug="acme")
    ids = list(page.metrics.values_list("pk", flat=True))
    now = timezone.now()
    for number in range(40):
        random.shuffle(ids)
        batch = {pk: [(int(now.timestamp()) - random.randrange(900), 1.0)] for pk in ids}
        add_points(page, batch, now)
say("done")
"""


def test_no_point_is_missing_from_a_rollup_when_many_write_at_once(live: Live) -> None:
    live.run(
        METRICS
        + """
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    source = create_provider(page, SYSTEM, kind="Self")
    for number in range(3):
        create_metric(page, source, SYSTEM, name=f"Metric {number}")
"""
    )
    writers = [live.start_python(METRICS + WRITER) for _ in range(3)]
    for writer in writers:
        live.wait_for(writer, "done")

    points, wrong = live.run(
        METRICS
        + """
with in_tenant(acme.id):
    wrong = []
    for row in MetricRollup.objects.all():
        ends = row.begins_at + Step(row.step).length
        found = MetricPoint.objects.filter(metric=row.metric_id, at__gte=row.begins_at, at__lt=ends).count()
        if (row.count, row.total) != (found, found):
            wrong.append([row.step, row.count, found])
    answer([MetricPoint.objects.count(), wrong])
"""
    )
    assert points > 200
    assert wrong == []
