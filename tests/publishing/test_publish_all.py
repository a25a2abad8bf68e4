"""A store that was emptied, damaged, or is ahead of the database, is made anew."""

from __future__ import annotations

import io
import shutil
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from common.tenancy import in_tenant
from components.models import Component
from outbox.models import OutboxItem
from pages.actions import update_page
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.repair import ask_for_what_is_lost
from publishing.storage import store
from tenants.actions import HOSTS
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.publishing.published import assert_published, drain_publishing, stored


def test_pages_of_every_tenant_and_the_hosts_come_back(
    page: StatusPage, component: Component, globex: Tenant, settings: Any
) -> None:
    drain_publishing()
    shutil.rmtree(settings.STORE_DIR)
    settings.STORE_DIR = settings.STORE_DIR.with_name("empty")
    assert store().manifest(page.pk) is None

    said = io.StringIO()
    call_command("publish_all", stdout=said)
    drain_publishing()

    assert said.getvalue().startswith("Asked for 2 pages.")
    assert_published(page)
    with in_tenant(globex.pk):
        assert_published(StatusPage.objects.get())
    hosts = store().hosts()
    assert hosts is not None
    assert {"acme.localhost", "globex.localhost"} <= hosts.entries.keys()


def test_damage_is_made_good(page: StatusPage, component: Component, settings: Any) -> None:
    drain_publishing()
    for body in settings.STORE_DIR.glob("bodies/??/*"):
        body.write_bytes(body.read_bytes()[:40])

    call_command("publish_all", stdout=io.StringIO())
    drain_publishing()

    assert_published(page)


@pytest.mark.parametrize("damaged", [False, True])
def test_what_is_lost_is_asked_for_and_nothing_else(
    page: StatusPage, globex: Tenant, settings: Any, damaged: bool
) -> None:
    ask_for_what_is_lost()
    drain_publishing()
    ask_for_what_is_lost()
    assert not OutboxItem.objects.filter(topic__in=[PUBLISH, HOSTS]).exists()

    if damaged:
        for path in (
            settings.STORE_DIR / "pages" / page.pk / "public.json",
            settings.STORE_DIR / "hosts.json",
        ):
            path.write_bytes(path.read_bytes()[:-20])
    else:
        shutil.rmtree(settings.STORE_DIR / "pages" / page.pk)
        (settings.STORE_DIR / "hosts.json").unlink()
    ask_for_what_is_lost(damaged=damaged)

    asked = OutboxItem.objects.filter(topic__in=[PUBLISH, HOSTS])
    assert sorted(asked.values_list("topic", "key")) == [(HOSTS, "map"), (PUBLISH, page.pk)]
    drain_publishing()
    assert_published(page)


def test_an_older_database_is_published_only_by_whoever_wants_the_store_forgotten(page: StatusPage) -> None:
    update_page(page, ACTOR, name="Lost by restoring")
    drain_publishing()
    StatusPage.objects.filter(pk=page.pk).update(name="Restored", version=page.version - 1)

    with pytest.raises(CommandError, match=page.pk):
        call_command("publish_all", stdout=io.StringIO())
    call_command("publish_all", forget=True, stdout=io.StringIO())
    drain_publishing()

    assert b"Restored" in stored(page)["/"]
    assert_published(page)
