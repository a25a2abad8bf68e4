"""Wherever a writer is stopped, the next one finishes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from common.tenancy import in_tenant
from copies.models import CopyTarget
from pages.actions import create_page
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.copies.places import Folder
from tests.copies.stopping import Begun, begin, stop_and_go_on


@pytest.fixture(autouse=True)
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copies.copying._AT_ONCE", 1)
    monkeypatch.setattr("copies.copying._BATCH", 5)


@pytest.fixture(scope="module")
def begun(kept: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Begun, Path]:
    """A copy in a folder; what it and the store are made of is below this path."""
    root = tmp_path_factory.mktemp("begun")
    acme = Tenant.objects.get(slug="acme")
    places = {"STORE_DIR": root / "store", "STORE_REDIS_URL": "", "COPIES_ROOT": str(root / "copies")}
    with in_tenant(acme.id), override_settings(**places):
        made = begin(create_page(ACTOR, name="Acme", slug="acme"), Folder(root / "copies"))
    return made, root


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("after", [0, 1, 2, 5, 6, 7, 9, -4, -3, -2, -1])
def test_wherever_a_writer_is_stopped_the_next_one_finishes(
    begun: tuple[Begun, Path], acme: Tenant, settings: Any, folder: Folder, after: int, goes_on: bool
) -> None:
    """After so many steps, a negative number counts from the end; the page may go on meanwhile."""
    made, root = begun
    shutil.copytree(root / "store", settings.STORE_DIR)
    shutil.copytree(root / "copies", settings.COPIES_ROOT)
    target = CopyTarget.objects.select_related("page").get(pk=made.target.pk)
    stop_and_go_on(folder, replace(made, target=target), after, goes_on=goes_on)
