"""An organisation's people by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event
from pages.actions import create_page
from pages.models import StatusPage
from tenants.actions import set_page_role, set_role
from tenants.models import Invitation, Membership, PageRole, Role, Tenant, User
from tests.api.conftest import Machine, machine, person
from tests.conftest import ACTOR

ALL = {"page_configuration": True, "incident_manager": True, "maintenance_manager": True}
EDITS = ALL | {"page_configuration": False}
LOOKS = dict.fromkeys(ALL, False)


@pytest.fixture
def org(api: Machine, acme: Tenant) -> Machine:
    """Addresses begin at the organisation."""
    return Machine(api.token, f"/v1/organizations/{acme.pk}")


@pytest.fixture
def member(acme: Tenant, owner: User) -> Membership:
    ada = person("ada@example.org", acme, Role.EDITOR)
    User.objects.filter(pk=ada.pk).update(name="Ada King Lovelace")
    return Membership.objects.get(user=ada)


def test_members_are_listed_with_those_who_are_invited(
    org: Machine, member: Membership, acme: Tenant
) -> None:
    invited = org.post("/users", {"user": {"email": "New@Example.org", "password": "hunter2"}})
    assert (invited.status, invited.json["email"]) == (201, "new@example.org")

    listed = org.get("/users").json
    assert [one["email"] for one in listed] == ["ada@example.org", "owner@example.com", "new@example.org"]
    assert (listed[0]["first_name"], listed[0]["last_name"]) == ("Ada", "King Lovelace")
    assert {one["organization_id"] for one in listed} == {acme.pk}
    assert listed[2] == invited.json
    assert org.get("/users?page=2&per_page=2").json == listed[2:]


def test_who_is_invited_has_no_account_until_they_say_so(org: Machine) -> None:
    org.post("/users", {"user": {"email": "new@example.org", "password": "hunter2"}})

    assert not User.objects.filter(email="new@example.org").exists()
    assert Invitation.objects.get().role == Role.VIEWER


@pytest.mark.parametrize("email", ["", "nobody", "ada@example.org"])
def test_who_cannot_be_invited_is_refused_in_words(org: Machine, member: Membership, email: str) -> None:
    answer = org.post("/users", {"user": {"email": email}})

    assert (answer.status, bool(answer.json["error"])) == (422, True)
    assert org.post("/users", {}).status == 400


def test_a_member_is_removed_with_all_roles(org: Machine, member: Membership, page: StatusPage) -> None:
    set_page_role(member, page.pk, Role.ADMIN, ACTOR)
    gone = org.delete(f"/users/{member.user_id}")

    assert (gone.status, gone.json["email"]) == (200, "ada@example.org")
    assert not Membership.objects.filter(pk=member.pk).exists()
    assert not PageRole.objects.exists()
    assert User.objects.filter(pk=member.user_id).exists()
    assert Event.objects.filter(name="member.removed", object_id=member.user_id).exists()
    assert org.delete(f"/users/{member.user_id}").status == 404


def test_an_invitation_is_taken_back(org: Machine) -> None:
    pk = org.post("/users", {"user": {"email": "new@example.org"}}).json["id"]

    assert org.delete(f"/users/{pk}").json["id"] == pk
    assert not Invitation.objects.open().exists()
    assert org.delete(f"/users/{pk}").status == 404


def test_the_last_owner_stays_and_admins_take_nothing_from_owners(
    org: Machine, member: Membership, owner: User, acme: Tenant
) -> None:
    assert org.delete(f"/users/{owner.pk}").status == 422
    set_role(member.user, acme, Role.ADMIN, ACTOR)
    admin = Machine(machine(member.user, acme).token, org.base)

    assert admin.delete(f"/users/{owner.pk}").status == 403
    assert Membership.objects.filter(user=owner).exists()


PERMISSIONS: list[tuple[dict[str, bool], dict[str, bool]]] = [
    (ALL, ALL),
    ({"page_configuration": True}, ALL),
    (EDITS, EDITS),
    ({"incident_manager": True}, EDITS),
    (LOOKS, LOOKS),
    ({"incident_manager": False}, LOOKS),
    ({}, EDITS),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_permissions_are_roles_on_pages(
    org: Machine, member: Membership, page: StatusPage, method: str
) -> None:
    place = f"/permissions/{member.user_id}"
    for given, meant in PERMISSIONS:
        answer = org.ask(method, place, {"pages": {page.pk: given}})
        assert (answer.status, answer.json) == (
            200,
            {"data": {"user_id": member.user_id, "pages": {page.pk: meant}}},
        ), given
        assert org.get(place).json == answer.json


def test_pages_that_are_not_named_are_only_looked_at_or_stay(
    org: Machine, member: Membership, page: StatusPage
) -> None:
    other = create_page(ACTOR, name="Other", slug="other")
    place = f"/permissions/{member.user_id}"

    put = org.put(place, {"pages": {page.pk: ALL}}).json["data"]["pages"]
    assert put == {page.pk: ALL, other.pk: LOOKS}
    patched = org.patch(place, {"pages": {other.pk: {}}}).json["data"]["pages"]
    assert patched == {page.pk: ALL, other.pk: EDITS}
    assert org.patch(place, {}).json["data"]["pages"] == patched
    roles = Event.objects.filter(name="member.role_set", object_id=member.user_id, page_id__isnull=False)
    assert [one.facts["role"] for one in roles.order_by("id")] == ["admin", "viewer", None]


@pytest.mark.parametrize(
    "pages",
    [
        {"unknown": ALL},
        {"PAGE": {"page_configuration": True, "incident_manager": False}},
        {"PAGE": {"incident_manager": True, "maintenance_manager": False}},
        {"PAGE": "all"},
        {"PAGE": {"incident_manager": "perhaps"}},
        [],
    ],
)
def test_what_no_role_gives_is_refused_and_nothing_changed(
    org: Machine, member: Membership, page: StatusPage, pages: Any
) -> None:
    given = {page.pk if pk == "PAGE" else pk: one for pk, one in pages.items()} if pages else pages
    for method in ("PUT", "PATCH"):
        assert org.ask(method, f"/permissions/{member.user_id}", {"pages": given}).status == 422
    assert org.put(f"/permissions/{member.user_id}", {}).status == 422
    assert not PageRole.objects.exists()


def test_permissions_are_of_members_and_not_of_who_manages_every_page(
    org: Machine, owner: User, member: Membership, page: StatusPage, acme: Tenant, globex: Tenant
) -> None:
    stranger = person("stranger@example.org", globex)
    set_role(member.user, acme, Role.ADMIN, ACTOR)
    for method in ("PUT", "PATCH"):
        answer = org.ask(method, f"/permissions/{member.user_id}", {"pages": {page.pk: LOOKS}})
        assert (answer.status, PageRole.objects.count()) == (422, 0)
    assert org.get(f"/permissions/{owner.pk}").json["data"]["pages"] == {page.pk: ALL}
    assert org.put(f"/permissions/{owner.pk}", {"pages": {}}).status == 422
    assert (org.get(f"/permissions/{stranger.pk}").status, org.delete(f"/users/{stranger.pk}").status) == (
        404,
        404,
    )


def test_an_admin_gives_no_more_than_they_have(
    org: Machine, member: Membership, page: StatusPage, acme: Tenant
) -> None:
    """On a page alone somebody is an admin: that opens nothing of the organisation."""
    set_page_role(member, page.pk, Role.ADMIN, ACTOR)
    own = Machine(machine(member.user, acme).token, org.base)

    assert own.put(f"/permissions/{member.user_id}", {"pages": {page.pk: ALL}}).status == 403
    limited = Machine(machine(person("o@example.org", acme), acme, page_ids=[page.pk]).token, org.base)
    assert limited.get("/users").status == 403


def test_how_much_is_asked_of_the_database_does_not_grow(
    org: Machine, member: Membership, page: StatusPage, acme: Tenant
) -> None:
    counts: list[list[int]] = []
    for number in (1, 5):
        for one in range(number):
            person(f"{one}-{number}@example.org", acme, Role.VIEWER)
            org.post("/users", {"user": {"email": f"new-{one}-{number}@example.org"}})
            create_page(ACTOR, name="More", slug=f"more-{one}-{number}")
        counts.append([])
        for path in ("/users", f"/permissions/{member.user_id}"):
            with CaptureQueriesContext(connection) as queries:
                assert org.get(path).status == 200
            counts[-1].append(len(queries))
    assert counts[0] == counts[1]
