"""How long after its commit a change is on the page, with nothing else going on: the whole service runs."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from benchmarks.figures import Table, measured, middle, share_below
from benchmarks.seeing import Visitor, noting_commits, until_at_rest, visiting
from common.tenancy import in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import open_incident, post_update
from incidents.models import Incident
from incidents.steps import Words
from pages.actions import update_page
from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.documents import hot_documents
from tenants.models import Tenant

CHANGES, BUSY = 50, 10
AIM = 0.3
_STATUSES = ("investigating", "identified", "identified", "monitoring", "resolved")


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds: from the commit until the page showed it, and of the verb."""

    delay: float
    verb: float


def measure(*options: str) -> None:
    quick = "--quick" in options
    with in_tenant(Tenant.objects.get(slug="demo").id), visiting("demo.localhost") as visitor:
        until_at_rest()
        page = StatusPage.objects.present().get()
        rest = _changes(page, visitor, "at rest", 10 if quick else CHANGES)
        until_at_rest()
        hot = middle([measured(lambda: [*hot_documents(Builder(page, public_view(page)))]) for _ in range(5)])
        # Its name is everywhere on a page, so everything is rendered anew.
        update_page(page, SYSTEM, name=f"{page.name}, renamed")
        busy = _changes(page, visitor, "while busy", 5 if quick else BUSY)
        _tell(page, visitor, rest, busy, hot.wall)


def _changes(page: StatusPage, visitor: Visitor, when: str, number: int) -> list[Seen]:
    """One change a second: incidents from their opening to their end."""
    incident, seen = None, []
    for place in range(number):
        began = time.monotonic()
        mark = f"Change {place} {when}."
        with noting_commits() as commits:
            incident = _change(page, incident, _STATUSES[place % len(_STATUSES)], mark)
        verb = time.monotonic() - began
        seen.append(Seen(visitor.first_with(mark) - commits.at[-1], verb))
        time.sleep(max(0.0, began + 1 - time.monotonic()))
    return seen


def _change(page: StatusPage, incident: Incident | None, status: str, mark: str) -> Incident:
    if incident is not None and status != _STATUSES[0]:
        post_update(page, incident, SYSTEM, Words(status, mark))
        return incident
    component = page.components.present()[0].pk
    words = Words(status, mark, components={component: "partial_outage"})
    return open_incident(page, SYSTEM, words, name="Slow answers")


def _tell(page: StatusPage, visitor: Visitor, rest: list[Seen], busy: list[Seen], reference: float) -> None:
    shape = f"{page.components.count()} components, {page.incidents.count()} notices"
    table = Table(f"From commit to page, {len(rest)} changes a second apart, {shape}")
    delays = [one.delay for one in rest]
    table.time("at rest: half of them within", statistics.median(delays), reference=reference)
    table.time("at rest: 95 % of them within", share_below(delays, 0.95), reference=reference, aim=AIM)
    table.time("at rest: all of them within", max(delays), reference=reference)
    delays = [one.delay for one in busy]
    what = f"while its past is rendered, {len(busy)} changes"
    table.time(f"{what}: half", statistics.median(delays), reference=reference)
    table.time(f"{what}: all", max(delays), reference=reference)
    table.time("reference: building and rendering alone", reference)
    table.time("the verb itself at rest, half of them within", statistics.median(one.verb for one in rest))
    table.time("a look at the page, half of them within", statistics.median(visitor.trips))
    table.count("looks, of them failed", f"{len(visitor.trips):,}, {visitor.failures}")
