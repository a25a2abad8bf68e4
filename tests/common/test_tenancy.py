"""Which schema the connection is in, whatever happened before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from common.tenancy import in_tenant, leave_tenant
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import CANARY
from tests.examples import examples


class Halted(Exception):
    """Raised to roll a transaction back."""


def names() -> set[str]:
    return set(StatusPage.objects.values_list("name", flat=True))


def switch(tenant_id: str) -> None:
    with in_tenant(tenant_id):
        names()


@contextmanager
def rolled_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise Halted
    except Halted:
        pass


def switch_and_roll_back(tenant_id: str) -> None:
    with rolled_back(), in_tenant(tenant_id):
        names()


def roll_back_after_switching(tenant_id: str) -> None:
    with rolled_back():
        switch(tenant_id)


STEPS = {"switch": switch, "inside": switch_and_roll_back, "around": roll_back_after_switching}


@examples(60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.booleans()), max_size=8))
def test_rows_are_always_those_of_the_tenant_that_the_code_is_in(
    acme: Tenant, page: StatusPage, globex: Tenant, steps: list[tuple[str, bool]]
) -> None:
    for name, foreign in steps:
        STEPS[name](globex.id if foreign else acme.id)

        assert names() == {page.name}
        with in_tenant(globex.id):
            assert names() == {f"{CANARY} page"}
        with connection.cursor() as cursor:
            cursor.execute("SHOW search_path")
            assert globex.schema_name not in cursor.fetchone()[0]


def test_outside_of_a_tenant_there_are_no_pages(acme: Tenant, page: StatusPage) -> None:
    leave_tenant()

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pages_statuspage')")
        assert cursor.fetchone() == (None,)
