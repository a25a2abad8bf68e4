"""After any change to a page that was published, what is stored is what a fresh build would be."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from common.tenancy import in_tenant
from pages.actions import create_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.publishing.changes import CHANGES, past
from tests.publishing.published import assert_published, drain_publishing


@pytest.fixture(scope="module")
def published(kept: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Acme's page with a past is there, and published in this store."""
    folder = tmp_path_factory.mktemp("published") / "store"
    with (
        in_tenant(Tenant.objects.get(slug="acme").id),
        override_settings(STORE_DIR=folder, STORE_REDIS_URL=""),
    ):
        past(create_page(ACTOR, name="Acme", slug="acme", time_zone="Europe/Berlin"), 100)
        drain_publishing()
    return folder


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_the_store_equals_a_fresh_build(
    published: Path, acme: Tenant, settings: Any, name: str
) -> None:
    shutil.copytree(published, settings.STORE_DIR)
    CHANGES[name](StatusPage.objects.get())
    drain_publishing()

    assert_published(StatusPage.objects.get())
