"""Bodies about incidents and subscribers, each member filled with what it is not: never a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest

from api.operations import Operation
from pages.models import StatusPage
from tenants.models import Tenant, User
from tests.api.cases import TABLE, World, build
from tests.api.conftest import machine
from tests.api.undoing import undone

VALUES: list[Any] = [
    *([], {}, [[]], [{}], [None], ["none00000000"] * 3, {"a": {"b": [1]}}, {"": ""}, {"id": None}),
    *(7, -1, 10**30, 1e300, True, "", " ", "x" * 40_000, "\N{RIGHT-TO-LEFT OVERRIDE}\n\t", "0001-01-01"),
]


@pytest.fixture
def world(page: StatusPage, acme: Tenant) -> World:
    return build(page, acme.pk)


def filled(operation: Operation, value: Any) -> Any:
    """A body all of whose members are this."""
    assert operation.takes is not None
    inside = dict.fromkeys(operation.takes.shape().fields, value)
    return {operation.takes.envelope: inside} if operation.takes.envelope else inside


def test_a_member_of_another_kind_is_no_fault_of_ours(world: World, acme: Tenant, owner: User) -> None:
    key, wrong = machine(owner, acme, per_minute=100_000), []
    asked = [one for one in TABLE.values() if one.takes is not None and one.method != "PUT"]
    for operation in asked:
        if "incident" in operation.path or "subscriber" in operation.path:
            for value in VALUES:
                with undone():
                    answer = key.ask(operation.method, world.path(operation), filled(operation, value))
                if answer.status >= 500:
                    wrong.append(f"{operation.name}: {answer.status} for {str(value)[:40]}")
    assert wrong == []
