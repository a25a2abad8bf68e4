"""The management API in process, from request to answer: databases are real, nothing publishes meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

from django.test import Client

from benchmarks.expand import fill
from benchmarks.figures import Table, Took, share_below
from benchmarks.made import migrate
from common.tenancy import in_tenant
from components.actions import create_component
from events.actor import SYSTEM
from pages.actions import create_page
from tenants.actions import create_tenant
from tenants.keys import create_key
from tenants.models import Scope, User

COMPONENTS, SUBSCRIBERS = 50, 10_000
_STATUSES = cycle(["major_outage", "operational"])
Ask = Callable[..., Any]


def measure(*options: str) -> None:
    migrate()
    rounds = 30 if "--quick" in options else 300
    user = User.objects.create_user("owner@example.org")
    tenant = create_tenant("Machines", "machines", owner=user)
    with in_tenant(tenant.id):
        page = create_page(SYSTEM, name="Machines", slug="machines", published=True)
        ids = [create_component(page, SYSTEM, name=f"Component {number}").pk for number in range(COMPONENTS)]
        fill(page, SUBSCRIBERS)
    issued = create_key(user, tenant, SYSTEM, name="All", scopes=Scope.values, per_minute=100_000)
    _tell(_asking(issued.token, f"/v1/pages/{page.pk}"), ids, rounds)


def _asking(token: str, base: str) -> Ask:
    client = Client(headers={"Authorization": f"OAuth {token}", "Host": "localhost"})

    def ask(method: str, path: str, body: Any = None) -> None:
        sent = json.dumps(body) if body is not None else ""
        answer = client.generic(method, base + path, sent, "application/json")
        assert answer.status_code in {200, 201}, answer.content

    return ask


def _tell(ask: Ask, ids: list[str], rounds: int) -> None:
    incident = {"name": "Slow answers", "components": dict.fromkeys(ids, "partial_outage")}
    table = Table(f"The management API: {COMPONENTS} components, {SUBSCRIBERS:,} subscribers; p95")
    reading = _p95(lambda: ask("GET", "/components"), rounds)
    table.time("GET components", reading, aim=0.030)
    one = f"/components/{ids[0]}"
    changing = _p95(lambda: ask("PATCH", one, {"component": {"status": next(_STATUSES)}}), rounds)
    table.time("PATCH component: its status", changing, aim=0.050)
    opening = _p95(lambda: ask("POST", "/incidents", {"incident": incident}), max(rounds // 10, 10))
    table.time(f"POST incident with {COMPONENTS} components", opening, aim=0.100)


def _p95(work: Callable[[], object], rounds: int) -> Took:
    """The first few load code."""
    for _round in range(3):
        work()
    walls, cpus = [], []
    for _round in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Took(share_below(walls, 0.95), share_below(cpus, 0.95))
