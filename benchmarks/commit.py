"""How long after its commit a change is on the page, with nothing else going on: the whole service runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.figures import Table, duration, measured, middle, share_below
from benchmarks.seeing import Visitor, committed_at, visiting
from common.tenancy import in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import open_incident, post_update
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.documents import hot_documents
from tenants.models import Tenant

CHANGES = 50
AIM = 0.3
_STATUSES = ("investigating", "identified", "identified", "monitoring", "resolved")


def measure(*options: str) -> None:
    changes = 10 if "--quick" in options else CHANGES
    with in_tenant(Tenant.objects.get(slug="demo").id), visiting("demo.localhost") as visitor:
        page = StatusPage.objects.present().get()
        verbs, delays = [], []
        for delay, verb in _changes(page, visitor, changes):
            delays.append(delay)
            verbs.append(verb)
        hot = middle([measured(lambda: hot_documents(Builder(page, public_view(page)))) for _ in range(5)])
    _tell(page, visitor, delays, verbs, hot.wall)


def _changes(page: StatusPage, visitor: Visitor, number: int) -> Iterator[tuple[float, float]]:
    """Seconds from commit to page, and of the verb, one change a second: incidents from opening to end."""
    time.sleep(3)
    for place in range(number):
        began = time.monotonic()
        status = _STATUSES[place % len(_STATUSES)]
        mark = f"Mark {place} of these changes."
        if place % len(_STATUSES) == 0:
            incident = None
        made: list[Incident] = []
        at = committed_at(lambda: made.append(_change(page, incident, status, mark)))
        verb = time.monotonic() - began
        incident = made[0]
        yield visitor.first_with(mark) - at, verb
        time.sleep(max(0.0, began + 1 - time.monotonic()))


def _change(page: StatusPage, incident: Incident | None, status: str, mark: str) -> Incident:
    if incident is not None:
        post_update(page, incident, SYSTEM, Words(status, mark))
        return incident
    component = page.components.present()[0].pk
    words = Words(status, mark, components={component: "partial_outage"})
    return open_incident(page, SYSTEM, words, name="Slow answers")


def _tell(
    page: StatusPage, visitor: Visitor, delays: list[float], verbs: list[float], reference: float
) -> None:
    table = Table(
        f"From commit to page, {len(delays)} changes, {page.components.count()} components, "
        f"{page.incidents.count()} notices"
    )
    table.time("half of them within", statistics.median(delays), reference=reference)
    table.time("95 % of them within", share_below(delays, 0.95), reference=reference, aim=AIM)
    table.time("all of them within", max(delays), reference=reference)
    table.time("reference: building and rendering alone", reference)
    table.time("the verb itself, half of them within", statistics.median(verbs))
    table.time("a look at the page, half of them within", statistics.median(visitor.trips))
    table.count("looks, of them failed", f"{len(visitor.trips):,}, {visitor.failures}")
    table.count("fastest", duration(min(delays)))
