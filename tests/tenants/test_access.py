"""The gates: who may enter where and do what."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from common.errors import Refused
from common.tenancy import in_tenant
from events.models import Event
from tenants.access import enter, role_of, tenants_of
from tenants.actions import claim_hosts, set_page_role, set_role
from tenants.models import DomainKind, PageRole, Role, Tenant, User
from tests.conftest import ACTOR

PAGE = "page00000001"


def somebody(name: str, **fields: bool) -> User:
    return User.objects.create_user(f"{name}@example.com", "correct horse", **fields)


@pytest.fixture
def claimed(acme: Tenant) -> None:
    """The page PAGE is of acme."""
    claim_hosts(acme.pk, PAGE, {"a-page.localhost": DomainKind.SLUG})


@pytest.fixture
def ada(acme: Tenant) -> User:
    return somebody("ada")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needs", Role)
def test_a_role_may_do_what_it_and_lower_ones_may(acme: Tenant, ada: User, role: Role, needs: Role) -> None:
    set_role(somebody("owner"), acme, Role.OWNER, ACTOR)
    set_role(ada, acme, role, ACTOR)

    tenant, standing = enter(ada, "acme")
    assert tenant == acme
    assert standing.may(needs) == (role.rank >= needs.rank)


def test_strangers_see_no_organisation_at_all(acme: Tenant, globex: Tenant, ada: User) -> None:
    set_role(ada, globex, Role.OWNER, ACTOR)
    for who in (ada, AnonymousUser(), somebody("nobody")):
        with pytest.raises(Http404):
            enter(who, "acme")
    with pytest.raises(Http404):
        enter(ada, "no-such-organisation")


def test_a_page_may_differ_both_ways(acme: Tenant, ada: User, claimed: None) -> None:
    set_role(somebody("owner"), acme, Role.OWNER, ACTOR)
    membership = set_role(ada, acme, Role.EDITOR, ACTOR)
    set_page_role(membership, PAGE, Role.VIEWER, ACTOR)

    assert role_of(ada, acme) is Role.EDITOR
    assert role_of(ada, acme, PAGE) is Role.VIEWER
    set_page_role(membership, PAGE, Role.ADMIN, ACTOR)
    assert role_of(ada, acme, PAGE) is Role.ADMIN


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_no_page_locks_those_out_who_give_roles(acme: Tenant, ada: User, claimed: None, role: Role) -> None:
    set_role(somebody("owner"), acme, Role.OWNER, ACTOR)
    set_page_role(set_role(ada, acme, role, ACTOR), PAGE, Role.VIEWER, ACTOR)

    assert role_of(ada, acme, PAGE) is role


def test_staff_enter_everywhere_unless_deactivated(acme: Tenant, globex: Tenant) -> None:
    staff = somebody("staff", is_staff=True)
    assert set(tenants_of(staff)) == {acme, globex}
    staff.is_active = False

    assert tenants_of(staff) == []
    assert role_of(staff, acme) is None


def test_members_are_offered_their_own_organisations(acme: Tenant, ada: User) -> None:
    set_role(ada, acme, Role.OWNER, ACTOR)

    assert tenants_of(ada) == [acme]


def test_the_last_owner_stays(acme: Tenant, ada: User) -> None:
    set_role(ada, acme, Role.OWNER, ACTOR)
    with pytest.raises(Refused, match="needs an owner"):
        set_role(ada, acme, Role.ADMIN, ACTOR)
    set_role(somebody("second"), acme, Role.OWNER, ACTOR)
    set_role(ada, acme, Role.ADMIN, ACTOR)

    assert role_of(ada, acme) is Role.ADMIN


def test_a_role_is_only_of_a_page_of_the_organisation(
    acme: Tenant, globex: Tenant, ada: User, claimed: None
) -> None:
    stranger = set_role(ada, globex, Role.EDITOR, ACTOR)
    with pytest.raises(Refused, match="no such page"):
        set_page_role(stranger, PAGE, Role.ADMIN, ACTOR)


def test_what_members_may_do_is_in_the_log_of_their_organisation_by_ids(
    acme: Tenant, globex: Tenant, ada: User, claimed: None
) -> None:
    membership = set_role(ada, acme, Role.OWNER, ACTOR)
    set_page_role(membership, PAGE, Role.VIEWER, ACTOR)
    with in_tenant(globex.pk):
        set_role(ada, acme, Role.OWNER, ACTOR)
        assert not Event.objects.filter(name="member.role_set").exists()

    told = Event.objects.filter(name="member.role_set").order_by("pk")
    of = {"user_id": ada.pk, "role": "owner", "page_id": None}
    on_page = [{**of, "role": "viewer", "page_id": PAGE}, {**of, "role": None, "page_id": PAGE}]
    # Who manages every page has no other role on one.
    assert [one.facts for one in told] == [of, on_page[0], of, on_page[1]]
    assert not PageRole.objects.filter(membership=membership).exists()
    assert {(one.object_id, one.actor_id, one.version) for one in told} == {(ada.pk, "tester", None)}
