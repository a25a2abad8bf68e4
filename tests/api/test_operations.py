"""Every operation of the table: with every key, and its answer held against both documents."""

from __future__ import annotations

from functools import cache

import pytest

from api.operations import Operation
from pages.models import StatusPage
from tenants.models import ApiKey, Role, Scope, Tenant, User
from tests.api import original
from tests.api.cases import MODULES, TABLE, World, build
from tests.api.conftest import EVERYTHING, Machine, machine, person
from tests.api.promised import lies
from tests.api.undoing import undone


@pytest.fixture
def world(page: StatusPage, acme: Tenant) -> World:
    return build(page, acme.pk)


def ask(key: Machine, world: World, operation: Operation) -> tuple[int, object]:
    with undone():
        answer = key.ask(operation.method, world.path(operation), world.body(operation))
    if answer.status >= 400:
        assert set(answer.json) == {"error", "message"}, operation.name
    return answer.status, answer.json


def test_every_row_of_the_cases_is_an_operation() -> None:
    assert {name for module in MODULES for name in module.BODIES} - TABLE.keys() == set()


def test_every_operation_of_the_original_is_here() -> None:
    here = {(one.method, original.place(one.path)) for one in TABLE.values()}
    assert len(original.operations()) == 112
    assert original.operations().keys() - here == set()


def test_every_operation_answers_as_both_documents_say(world: World, acme: Tenant, owner: User) -> None:
    """Whoever has the least role for it, with any of its scopes; and an owner with that of everything."""
    least = {role: person(f"a-{role}@example.com", acme, role) for role in Role}
    key_of = cache(lambda user, scope: machine(user, acme, [scope.value], per_minute=100_000))
    wrong = []
    for operation in TABLE.values():
        held = [(least[operation.role], scope) for scope in operation.scopes]
        for user, scope in [*held, (owner, Scope.ADMIN)]:
            status, answer = ask(key_of(user, scope), world, operation)
            if status != operation.status:
                wrong.append(f"{operation.name}, {user}, {scope}: {status} {answer}")
        wrong += against_documents(operation, status, answer)
    assert wrong == []


def against_documents(operation: Operation, status: int, answer: object) -> list[str]:
    """Ours, and the original's where it has the operation."""
    found = lies(operation, status, answer)
    if (operation.method, original.place(operation.path)) in original.operations():
        found += original.wrong(operation, status, answer)
    return found


def test_an_operation_needs_its_role_and_one_of_its_scopes(world: World, acme: Tenant, owner: User) -> None:
    """No scope makes up for a role, and all others together not for a scope."""
    lesser = {
        role: machine(person(f"a-{role}@example.com", acme, role), acme, per_minute=100_000) for role in Role
    }
    lacking = cache(
        lambda scopes: machine(owner, acme, sorted(set(Scope) - {*scopes, Scope.ADMIN}), per_minute=100_000)
    )
    for name, operation in TABLE.items():
        keys = [
            lacking(operation.scopes),
            *(key for role, key in lesser.items() if role.rank < operation.role.rank),
        ]
        assert {ask(key, world, operation)[0] for key in keys} == {403}, name


def test_whoever_may_write_something_may_read_it() -> None:
    """And nothing else: neither the page's settings, nor subscribers, nor who may see what."""
    reads = [one for one in TABLE.values() if one.method == "GET"]
    for scope, words in {
        Scope.COMPONENTS: {"components", "component-groups", "metrics", "metrics_providers"},
        Scope.INCIDENTS: {"incidents", "incident_templates"},
    }.items():
        opened = [one for one in reads if scope in one.scopes]
        assert {one.path.split("/")[2 if one.of_page else 0] for one in opened} == words
        written = {one.path for one in TABLE.values() if one.scope is scope}
        assert {one.path for one in reads if one.path in written and one.scope is Scope.READ} <= {
            one.path for one in opened
        }


def test_no_operation_is_open_to_others(world: World, acme: Tenant, globex: Tenant, owner: User) -> None:
    """Neither without a key, nor with another organisation's, nor with one for another page."""
    theirs = machine(person("theirs@example.com", globex), globex, EVERYTHING, per_minute=100_000)
    elsewhere = machine(owner, acme, per_minute=100_000)
    ApiKey.objects.filter(pk=elsewhere.token.split("_")[2]).update(page_ids=["page00000001"])
    for name, operation in TABLE.items():
        assert ask(Machine(), world, operation)[0] == 401, name
        if operation.of_page or operation.of_organisation:
            assert ask(theirs, world, operation)[0] == 404, name
            assert ask(elsewhere, world, operation)[0] == (404 if operation.of_page else 403), name
