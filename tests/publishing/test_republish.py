"""A store that was emptied is filled again."""

from __future__ import annotations

import io
import shutil
from typing import Any

from django.core.management import call_command

from common.tenancy import in_tenant
from components.models import Component
from pages.models import StatusPage
from publishing.storage import store
from tenants.models import Tenant
from tests.publishing.published import assert_published, drain_publishing


def test_pages_of_every_tenant_and_the_hosts_come_back(
    page: StatusPage, component: Component, globex: Tenant, settings: Any
) -> None:
    drain_publishing()
    shutil.rmtree(settings.STORE_DIR)
    settings.STORE_DIR = settings.STORE_DIR.with_name("empty")
    assert store().manifest(page.pk) is None

    said = io.StringIO()
    call_command("republish", stdout=said)
    drain_publishing()

    assert said.getvalue().startswith("Asked for 2 pages.")
    assert_published(page)
    with in_tenant(globex.pk):
        assert_published(StatusPage.objects.get())
    hosts = store().hosts()
    assert hosts is not None
    assert {"acme.localhost", "globex.localhost"} <= hosts.entries.keys()
