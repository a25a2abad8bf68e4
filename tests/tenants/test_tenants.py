"""Organisations and their hosts."""

from __future__ import annotations

import pytest
from django.db import connection

from common.errors import Refused
from common.tenancy import current_tenant_id, in_tenant, leave_tenant
from events.models import Event
from pages.actions import create_page, delete_page, page_creation, update_page
from pages.models import StatusPage
from publishing.hosts import publish_hosts
from publishing.storage import store
from tenants.actions import check_slug, create_tenant
from tenants.models import Domain, HostMap, Tenant, User
from tests.clocks import work
from tests.conftest import ACTOR


def hosts(page: StatusPage) -> dict[str, str]:
    return dict(Domain.objects.filter(page_id=page.pk).values_list("host", "kind"))


def test_an_organisation_with_a_page_takes_a_moment(db: None) -> None:
    leave_tenant()

    slugs = iter(("initech", "initrode", "penetrode"))

    def make() -> None:
        slug = next(slugs)
        tenant = create_tenant("Initech", slug)
        with in_tenant(tenant.id):
            page = create_page(ACTOR, name="Initech", slug=slug)
        assert hosts(page) == {f"{slug}.localhost": "slug", f"{page.pk}.localhost": "id"}
        assert connection.schema_name == "public"

    assert work(make, times=3) < 0.2


def test_a_failed_creation_leaves_no_schema(db: None, acme: Tenant) -> None:
    leave_tenant()
    with pytest.raises(Refused, match="already an organisation"):
        create_tenant("Another", "acme")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 't\\_%'")
        assert cursor.fetchone() == (2,)


@pytest.mark.parametrize(
    "slug",
    ["", "A", "www", "api", "-a", "a-", "a b", "x" * 41, "abcdefghij12", "ä", "a.b", "a\n", "abcdefghij12\n"],
)
def test_names_that_could_not_be_a_host_are_refused(slug: str) -> None:
    with pytest.raises(Refused):
        check_slug(slug)


@pytest.mark.parametrize("slug", ["a", "acme", "acme-cloud", "x" * 40, "0"])
def test_good_names_are_taken(slug: str) -> None:
    assert check_slug(slug) == slug


def test_no_two_pages_have_one_address(page: StatusPage, globex: Tenant) -> None:
    with in_tenant(globex.id), pytest.raises(Refused, match="already in use"):
        create_page(ACTOR, name="Thief", slug="acme")


def test_a_new_slug_moves_the_host_and_the_links(page: StatusPage) -> None:
    update_page(page, ACTOR, slug="acme-cloud")

    page.refresh_from_db()
    assert "acme-cloud.localhost" in hosts(page)
    assert "acme.localhost" not in hosts(page)
    assert page.primary_host == "acme-cloud.localhost"


def test_a_deleted_page_gives_its_name_back_but_never_its_id(page: StatusPage) -> None:
    delete_page(page, ACTOR)

    assert hosts(page) == {f"{page.pk}.localhost": "id"}
    assert not Domain.objects.get(page_id=page.pk).published
    create_page(ACTOR, name="Next", slug="acme")
    with (
        pytest.raises(Refused, match="already in use"),
        page_creation(ACTOR, name="Thief", slug="thief", page_id=page.pk),
    ):
        pass


def test_the_published_map_is_the_registry(page: StatusPage, settings: object, tmp_path: object) -> None:
    settings.STORE_DIR, settings.STORE_REDIS_URL = tmp_path, ""  # type: ignore[attr-defined]
    update_page(page, ACTOR, published=False)
    publish_hosts()
    published = store().hosts()

    assert published is not None
    assert published.version == HostMap.objects.get().version
    assert set(published.entries) == set(Domain.objects.values_list("host", flat=True))
    entry = published.entries[f"{page.pk}.localhost"]
    assert (entry.page_id, entry.primary, entry.published) == (page.pk, "acme.localhost", False)


def test_verbs_outside_a_tenant_are_an_error(db: None) -> None:
    leave_tenant()
    with pytest.raises(RuntimeError, match="needs a tenant's schema"):
        current_tenant_id()


def test_the_log_of_an_organisation_begins_with_its_owner(db: None) -> None:
    leave_tenant()
    owner = User.objects.create_user("ada@example.org")
    tenant = create_tenant("Initech", "initech", owner=owner, actor=ACTOR)

    with in_tenant(tenant.id):
        event = Event.objects.get()
    assert (event.name, event.object_id, event.actor_id) == ("member.role_set", owner.pk, ACTOR.id)
    assert event.facts == {"user_id": owner.pk, "role": "owner", "page_id": None}
