"""No operation takes more queries where there are more rows."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from components.actions import create_component, create_group
from components.models import Component
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from tenants.models import ApiKey, Role, Tenant, User
from tests.api.cases import TABLE, World, build
from tests.api.conftest import Machine, machine, person
from tests.api.undoing import undone
from tests.conftest import ACTOR


def queries(key: Machine, world: World) -> dict[str, int]:
    found = {}
    for name, operation in TABLE.items():
        with undone(), CaptureQueriesContext(connection) as asked:
            key.ask(operation.method, world.path(operation), world.body(operation))
        found[name] = len(asked)
    return found


def test_no_operation_takes_more_queries_where_there_is_more(
    page: StatusPage, owner: User, acme: Tenant
) -> None:
    world, key = build(page, acme.pk), machine(owner, acme, per_minute=100_000)
    # That a key was used is written down once a minute.
    ApiKey.objects.update(last_used_at=timezone.now() + timedelta(days=1))
    more(page, acme, 0)
    before = queries(key, world)
    for number in range(1, 12):
        more(page, acme, number)
    after = queries(key, world)
    assert {name: (before[name], after[name]) for name in TABLE if after[name] > before[name]} == {}


def more(page: StatusPage, acme: Tenant, number: int) -> None:
    one, other = (create_component(page, ACTOR, name=f"{name} {number}") for name in ("One", "Other"))
    create_group(page, ACTOR, name=f"Group {number}", components=[one.pk])
    words = Words("investigating", "Here", components={one.pk: "major_outage", other.pk: "partial_outage"})
    open_incident(page, ACTOR, words, name=f"Incident {number}")
    create_page(ACTOR, name=f"Page {number}", slug=f"page-{number}")
    person(f"person-{number}@example.com", acme, Role.VIEWER)


def test_many_components_are_set_by_few_queries(api: Machine, page: StatusPage) -> None:
    ids = [create_component(page, ACTOR, name=f"C{number}").pk for number in range(50)]

    def asked(count: int) -> int:
        statuses = dict.fromkeys(ids[:count], "major_outage")
        with undone(), CaptureQueriesContext(connection) as found:
            answer = api.patch("/components", {"components": statuses})
        assert len(answer.json) == count
        return len(found)

    assert asked(50) == asked(2)
    assert Component.objects.count() == 50
