"""Members and invitations; deleting an organisation, bringing it back, removing it; taking it away."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.export import archive
from accounts.removal import remove_organisation
from common.errors import Refused
from common.tenancy import in_tenant
from events.actor import Actor, ActorKind
from events.models import Event
from incidents.actions.incident import open_incident
from incidents.steps import Words
from notifications.expansion import expand
from notifications.models import Delivery, Notification
from notifications.trials import send_test
from outbox.models import OutboxItem
from outbox.registry import Claimed, Later
from pages.actions import create_page
from publishing.hosts import publish_hosts
from publishing.storage import store
from subscribers.actions import Who, add_confirmed
from tenants.access import key_standing, standing_of, tenants_of
from tenants.actions import create_tenant, set_page_role, set_role
from tenants.keys import create_key
from tenants.members import (
    Invited,
    accept_invitation,
    drop_page_role,
    invitation_by,
    invite,
    invite_again,
    remove_member,
    token_of,
    transfer_ownership,
    withdraw_invitation,
)
from tenants.models import ApiKey, Domain, Invitation, Membership, PageRole, Role, Tenant, User
from tenants.organisations import GRACE, delete_tenant, rename_tenant, require_2fa, restore_tenant
from tests.conftest import ACTOR, CANARY

EDITOR = Invited("New@Example.org", Role.EDITOR, {})


@pytest.fixture
def owner(acme: Tenant) -> User:
    user = User.objects.create_user("owner@acme.example")
    set_role(user, acme, Role.OWNER, ACTOR)
    return user


@pytest.fixture
def new(db: None) -> User:
    return User.objects.create_user("new@example.org")


def names(tenant: Tenant) -> list[str]:
    with in_tenant(tenant.pk):
        return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_whoever_accepts_an_invitation_is_a_member(acme: Tenant, owner: User, new: User, page: Any) -> None:
    invited = Invited("New@Example.org", Role.VIEWER, {page.pk: Role.EDITOR})
    invitation = invite(acme, invited, owner, ACTOR)
    found = invitation_by(token_of(invitation))
    assert found == invitation

    accept_invitation(found, new, ACTOR)

    standing = standing_of(new, acme)
    assert standing is not None
    assert (standing.role, standing.on(page.pk)) == (Role.VIEWER, Role.EDITOR)
    assert names(acme)[-2:] == ["member.invited", "member.joined"]


def test_no_address_stands_in_the_log(acme: Tenant, owner: User, new: User) -> None:
    invitation = invite(acme, EDITOR, owner, ACTOR)
    accept_invitation(invitation, new, ACTOR)
    with in_tenant(acme.pk):
        assert "example.org" not in str(list(Event.objects.values_list("facts", flat=True)))


def _again(one: Invitation) -> None:
    with pytest.raises(Refused, match="a moment ago"):
        invite_again(one, ACTOR)
    Invitation.objects.filter(pk=one.pk).update(expires_at=one.expires_at - timedelta(minutes=2))
    invite_again(one, ACTOR)


def _withdrawn(one: Invitation) -> None:
    withdraw_invitation(one, ACTOR)


def _accepted(one: Invitation) -> None:
    accept_invitation(one, User.objects.create_user("new@example.org"), ACTOR)


def _expired(one: Invitation) -> None:
    Invitation.objects.filter(pk=one.pk).update(expires_at=timezone.now())


def _closed(one: Invitation) -> None:
    delete_tenant(one.tenant, ACTOR)


@pytest.mark.parametrize("end", [_again, _withdrawn, _accepted, _expired, _closed])
def test_a_link_works_until_one_of_these(acme: Tenant, owner: User, end: Any) -> None:
    invitation = invite(acme, EDITOR, owner, ACTOR)
    token = token_of(invitation)
    assert invitation_by(token) is not None

    end(invitation)

    assert invitation_by(token) is None
    assert invitation_by(f"{token}x") is None


def test_an_invitation_is_for_one_address_and_one_time(acme: Tenant, owner: User, new: User) -> None:
    invitation = invite(acme, EDITOR, owner, ACTOR)
    with pytest.raises(Refused, match="another address"):
        accept_invitation(invitation, owner, ACTOR)
    accept_invitation(invitation, new, ACTOR)
    remove_member(Membership.objects.get(user=new, tenant=acme), ACTOR)

    with pytest.raises(Refused, match="no use"):
        accept_invitation(invitation, new, ACTOR)
    assert standing_of(new, acme) is None


@pytest.mark.parametrize("address", ["nobody", "owner@acme.example", "asked@example.org", ""])
def test_who_cannot_be_invited(acme: Tenant, owner: User, address: str) -> None:
    invite(acme, Invited("asked@example.org", Role.VIEWER, {}), owner, ACTOR)
    with pytest.raises(Refused) as refused:
        invite(acme, Invited(address, Role.VIEWER, {}), owner, ACTOR)

    assert refused.value.field == "email"


def test_pages_of_others_are_not_given(acme: Tenant, globex: Tenant, owner: User) -> None:
    theirs = Domain.objects.filter(tenant=globex).values_list("page_id", flat=True)[0]
    with pytest.raises(Refused):
        invite(acme, Invited("new@example.org", Role.VIEWER, {theirs: Role.ADMIN}), owner, ACTOR)


def test_the_last_owner_stays(acme: Tenant, owner: User, new: User) -> None:
    membership = Membership.objects.get(user=owner, tenant=acme)
    me = Actor(ActorKind.USER, owner.pk)
    with pytest.raises(Refused, match="owner"):
        remove_member(membership, me)
    heir = set_role(new, acme, Role.VIEWER, ACTOR)

    transfer_ownership(acme, owner, heir, me)
    remove_member(membership, me)

    assert [one.role for one in Membership.objects.filter(tenant=acme)] == [Role.OWNER]
    assert names(acme)[-2:] == ["organisation.transferred", "member.left"]


def test_a_page_role_can_be_taken_back_and_ends_where_every_page_is_managed(
    acme: Tenant, page: Any, owner: User, new: User
) -> None:
    membership = set_role(new, acme, Role.VIEWER, ACTOR)
    for end in (
        lambda: drop_page_role(membership, page.pk, ACTOR),
        lambda: transfer_ownership(acme, owner, membership, ACTOR),
    ):
        set_page_role(membership, page.pk, Role.ADMIN, ACTOR)
        end()
        assert not PageRole.objects.filter(membership=membership).exists()
    manages = Invited("third@example.org", Role.ADMIN, {page.pk: Role.VIEWER})
    accept_invitation(invite(acme, manages, new, ACTOR), User.objects.create_user("third@example.org"), ACTOR)
    assert not PageRole.objects.exists()


def test_a_deleted_organisation_is_gone_until_it_is_brought_back(
    acme: Tenant, owner: User, page: Any
) -> None:
    delete_tenant(acme, ACTOR)
    publish_hosts()
    hosts = store().hosts()
    assert hosts is not None
    assert "acme.localhost" not in hosts.entries
    assert "globex.localhost" in hosts.entries
    assert (tenants_of(owner), standing_of(owner, acme)) == ([], None)

    restore_tenant(acme, ACTOR)
    publish_hosts()

    hosts = store().hosts()
    assert hosts is not None
    assert "acme.localhost" in hosts.entries
    assert tenants_of(owner) == [acme]
    assert not OutboxItem.objects.filter(topic="remove_organisation").exists()


def test_a_closed_organisation_is_closed_to_keys_visitors_and_messages(
    acme: Tenant, owner: User, component: Any
) -> None:
    key = create_key(owner, acme, ACTOR, name="Terraform", scopes=["read"]).key
    page = component.page
    words = Words("investigating", "Hm.", components={component.pk: "major_outage"})
    open_incident(page, ACTOR, words, name="Slow")
    asked = OutboxItem.objects.filter(topic="notify", tenant_id=acme.pk).latest("id")
    item = Claimed(asked.pk, "notify", acme.pk, asked.key, 1, 1)
    visitor = Client(HTTP_HOST="acme.localhost")
    assert key_standing(key) is not None
    assert visitor.get("/subscriptions/new").status_code == 200

    delete_tenant(acme, ACTOR)
    key = ApiKey.objects.select_related("tenant", "user").get(pk=key.pk)
    with in_tenant(acme.pk):
        expand(item)

    assert key_standing(key) is None
    assert visitor.get("/subscriptions/new").status_code == 404
    assert not Notification.objects.of(acme.pk).exists()
    restore_tenant(acme, ACTOR)
    with in_tenant(acme.pk):
        expand(item)
    assert Notification.objects.of(acme.pk).exists()


def claimed(tenant: Tenant) -> Claimed:
    return Claimed(1, "remove_organisation", "", tenant.pk, 1, 1)


def test_nothing_is_removed_before_its_time_or_unasked(acme: Tenant) -> None:
    remove_organisation(claimed(acme))
    delete_tenant(acme, ACTOR)
    with pytest.raises(Later) as later:
        remove_organisation(claimed(acme))

    assert timedelta(days=13) < later.value.delay <= GRACE
    assert Tenant.objects.filter(pk=acme.pk).exists()


def test_nobody_owns_any_number_of_organisations(acme: Tenant, new: User) -> None:
    tenants = [
        Tenant(id=f"x{number:011}", schema_name=f"t_x{number:011}", slug=f"x{number}", name="X")
        for number in range(20)
    ]
    Tenant.objects.bulk_create(tenants)
    Membership.objects.bulk_create(Membership(user=new, tenant=one, role=Role.OWNER) for one in tenants)
    with pytest.raises(Refused, match="20"):
        create_tenant("Initech", "initech", owner=new)


def test_what_is_removed_leaves_nothing(db: None, globex: Tenant, new: User) -> None:
    tenant = create_tenant("Initech", "initech", owner=new)
    with in_tenant(tenant.pk):
        made = create_page(ACTOR, name="Initech", slug="initech")
    delete_tenant(tenant, ACTOR)
    Tenant.objects.filter(pk=tenant.pk).update(deleted_at=timezone.now() - GRACE)

    with connection.cursor() as cursor:
        # As a commit would: what was added a moment ago is checked.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    remove_organisation(claimed(tenant))
    remove_organisation(claimed(tenant))

    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
        assert tenant.schema_name not in {name for (name,) in cursor.fetchall()}
    assert not Tenant.objects.filter(pk=tenant.pk).exists()
    assert not Domain.objects.filter(page_id=made.pk).exists()
    assert not OutboxItem.objects.filter(tenant_id=tenant.pk).exists()
    assert store().manifest(made.pk) is None
    assert User.objects.filter(pk=new.pk).exists()
    assert Tenant.objects.filter(pk=globex.pk).exists()


def test_an_archive_holds_all_of_one_organisation(
    acme: Tenant, owner: User, page: Any, component: Any
) -> None:
    rename_tenant(acme, "Acme & Sons", ACTOR)
    require_2fa(acme, True, ACTOR)
    file = zipfile.ZipFile(io.BytesIO(b"".join(archive(acme))))
    rows = {name: file.read(name).decode().splitlines() for name in file.namelist() if name != "README.txt"}

    assert json.loads(rows["pages/statuspage.jsonl"][0])["slug"] == "acme"
    assert [json.loads(row)["name"] for row in rows["components/component.jsonl"]] == [component.name]
    assert [json.loads(row)["email"] for row in rows["tenants/people.jsonl"]] == [owner.email]
    assert set(json.loads(rows["tenants/people.jsonl"][0])) == {"id", "email", "name"}
    assert CANARY not in str(rows)
    assert "globex" not in str(rows)
    assert "Acme & Sons" in file.read("README.txt").decode()


def test_an_archive_of_one_page_holds_it_alone(acme: Tenant, owner: User, page: Any, component: Any) -> None:
    words = Words("investigating", "Of this page.", components={component.pk: "partial_outage"})
    open_incident(page, ACTOR, words, name="Ours")
    add_confirmed(page, Who("ada@example.org"), ACTOR, "Asked.")
    other = create_page(ACTOR, name="Other", slug="other")
    open_incident(other, ACTOR, Words("investigating", "Beside it."), name="Not ours")
    add_confirmed(other, Who("bob@example.org"), ACTOR, "Asked.")
    file = zipfile.ZipFile(io.BytesIO(b"".join(archive(acme, page))))
    rows = {name: file.read(name).decode() for name in file.namelist()}

    assert "Of this page." in rows["incidents/incidentupdate.jsonl"]
    assert component.pk in rows["incidents/affectedcomponent.jsonl"]
    assert "partial_outage" in rows["components/statement.jsonl"]
    assert "ada@example.org" in rows["subscribers/subscriber.jsonl"]
    assert page.pk in rows["tenants/domain.jsonl"]
    for text in (other.pk, "Beside it.", "bob@example.org", owner.email, CANARY):
        assert text not in str(rows), text


# Copies of one message: a few of acme, many of others, each tried once.
_COPIES = """
    INSERT INTO notifications_delivery ({columns}, tenant_id, subscriber_id)
    SELECT {columns}, CASE WHEN n % 20 = 0 THEN tenant_id ELSE 'others' END, lpad(n::text, 12, '0')
    FROM (SELECT * FROM notifications_delivery WHERE id = {pk}) AS one, generate_series(1, 4000) AS n;
    INSERT INTO notifications_attempt
        (delivery_id, tenant_id, number, provider, began_at, ended_at, status, error, response)
    SELECT id, tenant_id, 1, '', now(), now(), 'accepted', '', '' FROM notifications_delivery;
    ANALYZE notifications_delivery, notifications_attempt;
    SET LOCAL enable_seqscan = off;
"""
_READ = """
    SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables
    WHERE relname IN ('notifications_delivery', 'notifications_attempt')
"""


def test_an_archive_reads_no_messages_of_others(page: Any, acme: Tenant, monkeypatch: Any) -> None:
    monkeypatch.setattr("accounts.export._STEP", 50)
    sent = send_test(page, "email", "ada@example.org", "incident.created", ACTOR)
    own = {"id", "tenant_id", "subscriber_id"}
    columns = ", ".join(one.column for one in Delivery._meta.concrete_fields if one.column not in own)
    with connection.cursor() as cursor:
        cursor.execute(_COPIES.format(columns=columns, pk=sent.pk))
        cursor.execute(_READ)
        before = cursor.fetchone()[0]
        file = zipfile.ZipFile(io.BytesIO(b"".join(archive(acme, page))))
        cursor.execute(_READ)
        read = cursor.fetchone()[0] - before

    for name in ("delivery", "attempt"):
        rows = file.read(f"notifications/{name}.jsonl").decode().splitlines()
        assert len({json.loads(row)["id"] for row in rows}) == len(rows) == 201
    # Deliveries are read for themselves, and for their attempts.
    assert read < 4 * 201


def test_who_was_taken_out_brings_nobody_in_by_a_former_invitation(
    acme: Tenant, owner: User, new: User
) -> None:
    other = User.objects.create_user("other@example.org")
    theirs = set_role(other, acme, Role.OWNER, ACTOR)
    invitation = invite(acme, Invited("new@example.org", Role.OWNER, {}), other, ACTOR)
    remove_member(theirs, ACTOR)
    with pytest.raises(Refused, match="of no use any more"):
        accept_invitation(invitation, new, ACTOR)
    assert standing_of(new, acme) is None

    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    invite_again(Invitation.objects.get(), Actor(ActorKind.USER, owner.pk))
    accept_invitation(Invitation.objects.get(), new, ACTOR)
    assert standing_of(new, acme) is not None
