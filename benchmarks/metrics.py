"""Points into metrics, one and thousands at a time, and the charts of a page made anew."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import Table, measured, middle
from benchmarks.made import migrate, publish_all
from common.tenancy import in_tenant
from events.actor import SYSTEM
from metrics.actions import create_metric, create_provider
from metrics.models import Metric
from metrics.points import MOST, add_points
from pages.actions import create_page
from pages.models import StatusPage
from publishing.documents import CHARTS
from publishing.publish import publish_slice
from publishing.storage import store
from store.packing import compress, pack
from tenants.actions import create_tenant

_METRICS = 10
_EVERY = 300
_A_MONTH = 30 * 86_400 // _EVERY
_AIM_ONE, _AIM_CHARTS = 0.02, 1.0
_TABLE = """
    CREATE TABLE plain_points (metric_id text, at timestamptz, value float8, PRIMARY KEY (metric_id, at))
"""
_PLAIN = """
    INSERT INTO plain_points SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::float8[])
    ON CONFLICT (metric_id, at) DO UPDATE SET value = excluded.value
"""

Rows = list[tuple[str, int, float]]


def measure(*options: str) -> None:
    migrate()
    rounds = 3 if "--quick" in options else 10
    with in_tenant(create_tenant("Metrics", "metrics").id):
        page = create_page(SYSTEM, name="Metrics", slug="metrics")
        provider = create_provider(page, SYSTEM, kind="Self")
        metrics = [create_metric(page, provider, SYSTEM, name=f"Metric {n}") for n in range(_METRICS)]
        with connection.cursor() as cursor:
            cursor.execute(_TABLE)
        _points(page, metrics, rounds)
        _charts(page, metrics, rounds)


def _points(page: StatusPage, metrics: list[Metric], rounds: int) -> None:
    table = Table("Adding points")
    now = int(timezone.now().timestamp())
    single = [[(metrics[0].pk, now - number, float(number))] for number in range(40 * rounds)]
    ours = middle([measured(partial(_add, page, one)) for one in single])
    plain = middle([measured(partial(_plainly, one)) for one in single])
    table.time("one point, with its rollups and charts asked for", ours, reference=plain.wall, aim=_AIM_ONE)
    table.time("reference: the row alone, committed", plain)
    table.count("points a second, one at a time, one process", f"{1 / ours.wall:,.0f}")
    many = [_spread(metrics, now - number * MOST) for number in range(rounds)]
    ours = middle([measured(partial(_add, page, one)) for one in many])
    plain = middle([measured(partial(_plainly, one)) for one in many])
    table.time(f"{MOST:,} points of {len(metrics)} metrics at once", ours, reference=plain.wall)
    table.time("reference: the rows alone, committed", plain)
    table.count("points a second, at once, one process", f"{MOST / ours.wall:,.0f}")


def _spread(metrics: list[Metric], until: int) -> Rows:
    """A point every ten seconds of each metric."""
    each = MOST // len(metrics)
    return [(one.pk, until - step * 10, float(step)) for one in metrics for step in range(each)]


def _add(page: StatusPage, rows: Rows) -> None:
    batch: dict[str, list[tuple[int, float]]] = {}
    for pk, at, value in rows:
        batch.setdefault(pk, []).append((at, value))
    add_points(page, batch, timezone.now())


def _plainly(rows: Rows) -> None:
    columns = [list(one) for one in zip(*rows, strict=True)]
    columns[1] = [datetime.fromtimestamp(at, UTC) for at in columns[1]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PLAIN, columns)


def _charts(page: StatusPage, metrics: list[Metric], rounds: int) -> None:
    now = int(timezone.now().timestamp())
    for one in metrics:
        points = [(one.pk, now - step * _EVERY, float(step % 50)) for step in range(1, _A_MONTH)]
        for first in range(0, len(points), MOST):
            _add(page, points[first : first + MOST])
    publish_all(page)
    done = []
    for number in range(rounds):
        _add(page, [(one.pk, now, float(number)) for one in metrics])
        done.append(measured(lambda: publish_slice(page.pk, CHARTS)))
    ours, bodies = middle(done), list(_bodies(page))
    plain = middle([measured(lambda: _keep(bodies)) for _ in range(rounds)])
    table = Table(f"Charts of {len(metrics)} metrics with a point every five minutes for a month, made anew")
    table.time("all of their documents", ours, reference=plain.wall, aim=_AIM_CHARTS)
    table.time("reference: compress and flush the same bodies", plain)
    table.count("documents, and their bytes", f"{len(bodies)}, {sum(map(len, bodies)) / 1000:,.0f} kB")


def _bodies(page: StatusPage) -> Iterable[bytes]:
    manifest = store().manifest(page.pk)
    for path, entry in manifest.entries.items() if manifest else ():
        if path.startswith("/metrics") and (body := store().body(entry.hash)):
            yield body


def _keep(bodies: list[bytes]) -> None:
    with TemporaryDirectory(dir=settings.STORE_DIR) as folder:
        for number, body in enumerate(bodies):
            with (Path(folder) / str(number)).open("wb") as file:
                file.write(pack(compress(body)))
                file.flush()
                os.fsync(file.fileno())
