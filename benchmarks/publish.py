"""One change of a page, published as by a worker: what building, rendering and storing cost, by number of
components."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks.figures import Spent, Table, Took, measured, middle, spent_in, took
from benchmarks.made import import_spread, migrate, publish_all
from common.tenancy import in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import open_incident, post_update
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from publishing import render
from publishing.audience import public_view
from publishing.build import Builder
from publishing.publish import publish
from publishing.storage import store
from statuspage.celery import spare_the_collector
from store import Ahead, Document, Manifest, Store
from store.packing import compress, pack
from tenants.actions import create_tenant

SIZES = (10, 100, 1000)
AIM = {100: 0.1}
_RENDERING = ("assets", *(name for name in vars(render) if name.startswith("render_")))
# Longer than the pause that publishing keeps between two versions of a page.
_PAUSE = 0.15


@dataclass
class Round:
    """One change published. `bodies`: those that the store did not have; `sizes`: bytes by encoding."""

    total: Took
    rendering: float
    storing: float
    database: float
    queries: int
    documents: int
    bodies: list[bytes]
    sizes: dict[str, int]


def measure(*options: str) -> None:
    migrate()
    spare_the_collector()
    rounds = 3 if "--quick" in options else 10
    for size in SIZES:
        tenant = create_tenant(f"{size} components", f"components-{size}")
        with in_tenant(tenant.id):
            _measure(size, rounds)


def _measure(size: int, rounds: int) -> None:
    page = import_spread(size, f"page-{size}")
    archive = measured(lambda: publish_all(page))
    incident = _open(page)
    # The first change of a process compiles templates.
    done = [_round(page, incident, number) for number in range(rounds + 1)][1:]
    _tell(size, page, archive, done)


def _open(page: StatusPage) -> Incident:
    concerned = page.components.present().values_list("pk", flat=True)[:2]
    words = Words(
        "investigating", "Requests take longer.", components=dict.fromkeys(concerned, "partial_outage")
    )
    incident = open_incident(page, SYSTEM, words, name="Slow answers")
    publish_all(page)
    return incident


def _round(page: StatusPage, incident: Incident, number: int) -> Round:
    words = Words("identified", f"We have found one more cause, and removed it: **number {number}**.")
    post_update(page, incident, SYSTEM, words)
    time.sleep(_PAUSE)
    puts: list[tuple[Manifest, list[Document]]] = []
    before = _hashes(page)
    rendering, storing = spent_in(render, *_RENDERING), spent_in(Store, "put")
    with (
        _queries() as queries,
        _put_documents(puts),
        storing as stored,
        rendering as rendered,
        took() as total,
    ):
        publish(page.pk)
    documents = puts[0][1]
    new = {one.hash: one.body for one in documents if one.hash not in before}
    return Round(
        total,
        rendered.seconds,
        stored.seconds,
        queries.seconds,
        queries.number,
        len(documents),
        list(new.values()),
        _sizes(new),
    )


def _hashes(page: StatusPage) -> set[str]:
    manifest = store().manifest(page.pk)
    return manifest.hashes() if manifest else set()


def _sizes(bodies: dict[str, bytes]) -> dict[str, int]:
    kept = [compress(body) for body in bodies.values()]
    return {
        name: sum(len(one.get(name, one["identity"])) for one in kept) for name in ("identity", "gzip", "br")
    }


class Queries(Spent):
    """Counts as well."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.number += 1
        return self.around(execute)(*arguments)


@contextmanager
def _queries() -> Iterator[Queries]:
    queries = Queries()
    with connection.execute_wrapper(queries):
        yield queries


@contextmanager
def _put_documents(puts: list[tuple[Manifest, list[Document]]]) -> Iterator[None]:
    """Notes what the store is given."""
    original = Store.put

    def noting(
        self: Store, manifest: Manifest, documents: list[Document], ahead: Ahead | None = None
    ) -> bool:
        puts.append((manifest, documents))
        return original(self, manifest, documents, ahead)

    Store.put = noting  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Store.put = original  # type: ignore[method-assign]


def _tell(size: int, page: StatusPage, archive: Took, done: list[Round]) -> None:
    total, bodies = middle([one.total for one in done]), done[-1].bodies
    reference = middle([measured(lambda: _keep(bodies)) for _ in done]).wall
    rendering, storing = (
        statistics.median(getattr(one, name) for one in done) for name in ("rendering", "storing")
    )
    building = statistics.median(one.total.wall - one.rendering - one.storing for one in done)
    table = Table(f"Publishing one change, {size:,} components, {page.incidents.count()} notices")
    table.time("an update of an open incident: total", total, reference=reference, aim=AIM.get(size))
    table.time("of this, building (queries included)", building, reference=reference)
    table.time("of this, waiting for queries", statistics.median(one.database for one in done))
    table.time("of this, rendering", rendering, reference=reference)
    table.time("of this, storing (compress, flush, Valkey)", storing, reference=reference)
    table.time("reference: compress and flush the same bodies", reference)
    table.time("snapshot as JSON, to compare", _as_json(page))
    table.count("queries", f"{done[-1].queries}")
    table.count("documents put, of them new bodies", f"{done[-1].documents}, {len(bodies)}")
    for encoding, size_of_all in done[-1].sizes.items():
        table.count(f"new bodies, {encoding}", f"{size_of_all / 1000:,.1f} kB")
    table.time("everything once, after the import", archive)


def _keep(bodies: list[bytes]) -> None:
    """What no store that keeps its word can do without: every encoding, on the disk."""
    with TemporaryDirectory(dir=settings.STORE_DIR) as folder:
        for number, body in enumerate(bodies):
            with (Path(folder) / str(number)).open("wb") as file:
                file.write(pack(compress(body)))
                file.flush()
                os.fsync(file.fileno())


def _as_json(page: StatusPage) -> Took:
    builder = Builder(page, public_view(page))
    snapshot = builder.snapshot()
    return measured(lambda: json.dumps(asdict(snapshot), default=str))
