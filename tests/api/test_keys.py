"""Keys: how they are sent, and what they open."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from common.errors import Refused
from common.tenancy import in_tenant
from events.models import Event
from pages.models import StatusPage
from tenants.actions import set_active, set_page_role, set_role
from tenants.keys import create_key, revoke_key, rotate_key
from tenants.models import ApiKey, Membership, Role, Scope, Tenant, User
from tests.api.conftest import Machine, machine, person
from tests.conftest import ACTOR


@pytest.mark.parametrize("spelled", ["OAuth {}", "oauth {}", "OAUTH  {}", "Bearer {}", "bearer {}", "{}"])
def test_every_spelling_of_the_header_is_understood(api: Machine, spelled: str) -> None:
    said = spelled.format(api.token)
    assert Machine().get("/pages", Authorization=said).status == 200


def test_a_key_may_stand_in_the_query(api: Machine) -> None:
    assert Machine().get(f"/pages?api_key={api.token}").status == 200


@pytest.mark.parametrize("path", ["/pages.json", "//pages", "/pages/", "//pages/.json", "/pages.json/"])
def test_suffix_and_slashes_make_no_difference(api: Machine, path: str) -> None:
    answer = Machine(api.token).get(path)
    assert answer.status in {200, 404}, "never a redirect"
    assert answer.status == (404 if path.endswith(("/.json",)) else 200)


def test_who_has_no_good_key_is_told_so(api: Machine) -> None:
    wrong = api.token[:-7] + ("a" if api.token[-7] != "a" else "b") + api.token[-6:]
    for said in ("", "OAuth", "OAuth nonsense", f"OAuth {wrong}", f"Basic {api.token}", "OAuth \xff"):
        answer = Machine().get("/pages", Authorization=said)
        assert (answer.status, set(answer.json)) == (401, {"error", "message"}), said
        assert answer.json["error"] == answer.json["message"]


def test_a_key_stops_when_it_is_revoked_or_expires(acme: Tenant, owner: User) -> None:
    until = timezone.now() + timedelta(days=1)
    key = machine(owner, acme, expires_at=until)
    assert key.get("/pages").status == 200
    with time_machine.travel(until):
        assert key.get("/pages").status == 401
    revoke_key(ApiKey.objects.get(), ACTOR)
    assert key.get("/pages").status == 401
    with pytest.raises(Refused):
        revoke_key(ApiKey.objects.get(), ACTOR)


def test_after_rotation_both_keys_work_for_a_while(acme: Tenant, owner: User) -> None:
    old = create_key(owner, acme, ACTOR, name="Bot", scopes=["read"], networks=["192.0.2.0/24"])
    new = rotate_key(old.key, ACTOR, overlap=timedelta(hours=1))

    assert (new.key.scopes, new.key.networks, new.key.name) == (["read"], ["192.0.2.0/24"], "Bot")
    assert [Machine(one.token).get("/pages").status for one in (old, new)] == [200, 200]
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert [Machine(one.token).get("/pages").status for one in (old, new)] == [401, 200]


def test_a_key_can_be_bound_to_addresses(acme: Tenant, owner: User) -> None:
    assert machine(owner, acme, networks=["192.0.2.0/24"]).get("/pages").status == 200
    refused = machine(owner, acme, networks=["2001:db8::/32", "198.51.100.7"]).get("/pages")
    assert (refused.status, "192.0.2.1" in refused.json["error"]) == (403, True)


def test_only_the_hash_of_a_secret_is_kept(acme: Tenant, owner: User) -> None:
    issued = create_key(owner, acme, ACTOR, name="Bot", scopes=["read"])
    prefix, kind, key_id, secret = issued.token.split("_")
    assert (prefix, kind, key_id) == ("sp", "ro", issued.key.pk)
    stored = str(ApiKey.objects.values().get()) + str(list(Event.objects.values_list("facts", flat=True)))
    assert secret not in stored
    assert secret[:32] not in stored


def test_use_is_noted_once_a_minute(acme: Tenant, owner: User) -> None:
    key = machine(owner, acme)
    began = timezone.now()
    for seconds, noted in ((0, 0), (30, 0), (59, 0), (61, 61)):
        with time_machine.travel(began + timedelta(seconds=seconds), tick=False):
            key.get("/pages")
        assert ApiKey.objects.get().last_used_at == began + timedelta(seconds=noted)


def test_what_happens_to_keys_is_in_the_log(acme: Tenant, owner: User) -> None:
    issued = create_key(owner, acme, ACTOR, name="Bot", scopes=["read"])
    revoke_key(rotate_key(issued.key, ACTOR).key, ACTOR)
    names = Event.objects.filter(object_type="api_key").values_list("name", flat=True)
    assert list(names) == ["key.created", "key.rotated", "key.created", "key.revoked"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("scopes", "read"),
        ("networks", ["nowhere"]),
        ("page_ids", ["page00000001"]),
        ("per_minute", 0),
        ("expires_at", timezone.now() - timedelta(days=1)),
        ("colour", "red"),
    ],
)
def test_a_key_is_refused_in_the_users_words(acme: Tenant, owner: User, field: str, value: object) -> None:
    with pytest.raises(Refused) as refusal:
        create_key(owner, acme, ACTOR, **({"name": "Bot", "scopes": ["read"]} | {field: value}))
    assert refusal.value.field == field
    assert not ApiKey.objects.exists()


def test_only_members_have_keys(acme: Tenant, owner: User) -> None:
    with pytest.raises(Refused):
        create_key(person("nobody@example.com", acme, None), acme, ACTOR, name="Bot", scopes=["read"])


def test_a_key_never_does_more_than_its_person_may_now(api: Machine, acme: Tenant, page: StatusPage) -> None:
    user = person("ed@example.com", acme, Role.EDITOR)
    key = machine(user, acme)
    add = (f"/pages/{page.pk}/components", {"component": {"name": "x"}})
    assert key.post(*add).status == 201

    set_role(user, acme, Role.VIEWER, ACTOR)
    assert key.post(*add).status == 403
    set_page_role(Membership.objects.get(user=user), page.pk, Role.EDITOR, ACTOR)
    assert key.post(*add).status == 201
    set_active(user, False, ACTOR)
    assert key.post(*add).status == 401


def test_who_left_takes_the_keys_along(acme: Tenant, owner: User) -> None:
    user = person("ed@example.com", acme, Role.EDITOR)
    key = machine(user, acme)
    Membership.objects.get(user=user).delete()
    assert key.get("/pages").status == 401


def test_a_key_for_one_page_sees_no_other(
    acme: Tenant, owner: User, page: StatusPage, globex: Tenant
) -> None:
    key = machine(owner, acme, page_ids=[page.pk])
    assert [one["id"] for one in key.get("/pages").json] == [page.pk]
    other = machine(owner, acme)
    ApiKey.objects.filter(pk=other.token.split("_")[2]).update(page_ids=["page00000001"])
    assert other.get("/pages").json == []
    assert other.get(f"/pages/{page.pk}").status == 404
    with in_tenant(globex.pk):
        theirs = StatusPage.objects.get().pk
    for one in (key, other, machine(owner, acme)):
        assert one.get(f"/pages/{theirs}").status == 404


def test_scopes_open_what_they_say(acme: Tenant, owner: User, page: StatusPage) -> None:
    add = (f"/pages/{page.pk}/components", {"component": {"name": "x"}})
    for scope in Scope:
        key = machine(owner, acme, [scope.value])
        assert key.get("/pages").status == (200 if scope in {Scope.READ, Scope.ADMIN} else 403)
        assert key.post(*add).status == (201 if scope in {Scope.COMPONENTS, Scope.ADMIN} else 403)
