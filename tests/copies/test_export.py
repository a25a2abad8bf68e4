"""`manage.py export_site`: one copy, once, where nothing of others' is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from common.tenancy import leave_tenant
from copies.names import MANIFEST
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from publishing.publish import publish
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.copies.places import Folder, documents, stored_files
from tests.publishing.published import drain_publishing


def export(name: str, folder: Path) -> str:
    said = io.StringIO()
    call_command("export_site", name, str(folder), stdout=said)
    return said.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture
def published(page: StatusPage) -> StatusPage:
    drain_publishing()
    return page


@pytest.mark.parametrize("name", ["acme", "ACME.localhost", "{id}", "{id}.localhost"])
def test_a_page_is_known_by_all_its_names(published: StatusPage, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "export"
    said = export(name.format(id=published.pk), folder)

    assert documents(files(folder)) == stored_files(Folder(folder), published)
    assert f"{len(documents(files(folder)))} files written" in said
    assert str(folder) in said


def test_it_works_outside_of_any_organisation(published: StatusPage, acme: Tenant, tmp_path: Path) -> None:
    leave_tenant()
    export("acme", tmp_path / "export")

    assert (tmp_path / "export" / "index.html").exists()


def test_a_second_export_writes_what_has_changed(published: StatusPage, tmp_path: Path) -> None:
    first = export("acme", tmp_path / "export")
    assert "0 files written" in export("acme", tmp_path / "export")
    open_incident(published, ACTOR, Words("investigating", "Hm."), name="Slow")
    drain_publishing()
    said = export("acme", tmp_path / "export")

    assert documents(files(tmp_path / "export")) == stored_files(Folder(tmp_path), published)
    written = [int(text.split(" files written")[0].rpartition(" ")[2]) for text in (first, said)]
    assert 0 < written[1] < written[0]


def test_a_folder_with_other_files_is_refused_and_left_alone(published: StatusPage, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all")
    with pytest.raises(CommandError, match="files of something else already"):
        export("acme", tmp_path)

    assert files(tmp_path).keys() >= {"letter.txt"}
    assert MANIFEST not in files(tmp_path)


def test_the_export_of_another_page_is_refused(published: StatusPage, tmp_path: Path) -> None:
    export("acme", tmp_path / "export")
    create_page(ACTOR, name="Second", slug="second")
    drain_publishing()
    before = files(tmp_path / "export")
    with pytest.raises(CommandError, match="another page's copy"):
        export("second", tmp_path / "export")

    assert files(tmp_path / "export") == before


def test_a_newer_export_is_left_alone(published: StatusPage, tmp_path: Path, settings: Any) -> None:
    open_incident(published, ACTOR, Words("investigating", "Hm."), name="Slow")
    drain_publishing()
    export("acme", tmp_path / "export")
    before = files(tmp_path / "export")
    settings.STORE_DIR = tmp_path / "older"
    StatusPage.objects.filter(pk=published.pk).update(version=1)
    publish(published.pk)
    with pytest.raises(CommandError, match=r"was left as it is\. The copy is newer"):
        export("acme", tmp_path / "export")

    assert files(tmp_path / "export") == before


@pytest.mark.parametrize("name", ["nobody", "", "../../etc"])
def test_a_page_that_does_not_exist_is_told(db: None, tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="There is no page"):
        export(name, tmp_path / "export")

    assert not (tmp_path / "export").exists()


def test_a_page_that_is_not_published_is_told(page: StatusPage, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not published"):
        export("acme", tmp_path / "export")

    assert not (tmp_path / "export").exists()


def test_a_place_that_is_no_folder_is_told(published: StatusPage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="The folder cannot be used: Not a directory"):
        export("acme", tmp_path / "file" / "export")
