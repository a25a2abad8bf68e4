"""A query that is made once finds, for any values, what it would find if it were made for them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from common.tenancy import in_tenant
from components.models import Component
from events.models import Event
from outbox.models import OutboxItem
from outbox.queue import put
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.lookups import any_of
from publishing.prepared import Prepared
from tenants.models import Tenant
from tests.conftest import CANARY
from tests.publishing.changes import CHANGES, component_of


def test_it_finds_by_the_values_of_each_call(page: StatusPage) -> None:
    CHANGES["open"](page)
    ask: Prepared[Event] = Prepared(
        lambda page_id, version, ids, at: (
            Event.objects.of_page(page_id)
            .filter(any_of("object_id", ids), version__gte=version, at__lte=at)
            .order_by("id")
        )
    )
    whole = Event.objects.of_page(page.pk).exclude(version=None).order_by("id")
    ids, newest = sorted({one.object_id for one in whole}), whole.last()
    assert newest is not None
    before = newest.at - timedelta(microseconds=1)
    cases: tuple[dict[str, Any], ...] = (
        {"page_id": page.pk, "version": 0, "ids": ids, "at": newest.at},
        {"page_id": page.pk, "version": newest.version, "ids": ids, "at": newest.at},
        {"page_id": page.pk, "version": 0, "ids": ids, "at": before},
        {"page_id": page.pk, "version": 0, "ids": [newest.object_id], "at": newest.at},
        {"page_id": page.pk, "version": 0, "ids": [], "at": newest.at},
        {"page_id": "nobody", "version": 0, "ids": ids, "at": newest.at},
    )
    for values in cases:
        page_id, version, some, at = values.values()
        plain = whole.filter(page_id=page_id, version__gte=version, object_id__in=some, at__lte=at)
        assert ask(**values) == list(plain)


def test_it_is_made_anew_for_values_of_other_names(page: StatusPage) -> None:
    def present(page_id: str, ids: list[str] | None = None) -> object:
        found = Component.objects.filter(page=page_id).with_status()
        return found if ids is None else found.filter(any_of("id", ids))

    ask: Prepared[Component] = Prepared(present)  # type: ignore[arg-type]
    component_of(page)
    every = ask(page_id=page.pk)
    assert every == list(page.components.all())
    assert every[0].status  # type: ignore[attr-defined]
    assert ask(page_id=page.pk, ids=[every[0].pk]) == every[:1]


def test_it_asks_the_organisation_that_it_is_called_for(component: Component, globex: Tenant) -> None:
    ask: Prepared[Component] = Prepared(lambda least: Component.objects.filter(position__gte=least))
    assert ask(least=0) == [component]
    with in_tenant(globex.pk):
        theirs = ask(least=0)
    assert [one.name for one in theirs] == [f"{CANARY} component"]
    assert ask(least=0) == [component]


@pytest.mark.django_db
def test_each_thread_asks_over_its_own_connection() -> None:
    ask: Prepared[str] = Prepared(
        lambda key: OutboxItem.objects.filter(key=key).values_list("key", flat=True)
    )
    put(PUBLISH, "nobody", ["seen here alone"])
    found: list[list[str]] = []

    def elsewhere() -> None:
        found.append(ask(key="seen here alone"))
        connection.close()

    assert ask(key="seen here alone") == ["seen here alone"]
    worker = threading.Thread(target=elsewhere)
    worker.start()
    worker.join()
    assert found == [[]]


@pytest.mark.parametrize(
    "make", [lambda page_id: Event.objects.all(), lambda page_id: Event.objects.of_page("some other")]
)
def test_a_value_that_is_not_asked_by_is_refused(make: object) -> None:
    with pytest.raises(TypeError, match="does not ask by page_id"):
        Prepared(make)(page_id="x")  # type: ignore[arg-type]
