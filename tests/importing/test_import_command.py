from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from events.actor import IMPORT
from events.models import Event
from incidents.models import Incident
from pages.actions import create_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.importing.made import document, incident
from tests.importing.server import RECORDED, Handler, Page, serving


def run(source: object, *options: str) -> tuple[str, str]:
    """What the command said on standard output and on standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command("import_statuspage", str(source), "--tenant", "acme", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> Path:
    """Where the command keeps what it has fetched."""
    settings.BASE_DIR = tmp_path / "house"
    return tmp_path / "house" / "var" / "import"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.mkdir()
    write(path, document(incidents=[incident("i1")]))
    return path


def write(folder: Path, value: Any) -> None:
    (folder / "summary.json").write_text(json.dumps(value))


def test_a_folder_comes_over_and_the_summary_says_what(acme: Tenant, folder: Path) -> None:
    out, _err = run(folder)
    assert out.splitlines()[0] == "Example is now at http://example.localhost:8000/"
    assert ["incidents", "1", "0", "0"] in [line.split() for line in out.splitlines()]
    assert StatusPage.objects.get().slug == "example"


def test_a_second_run_says_that_nothing_has_changed(acme: Tenant, folder: Path) -> None:
    run(folder)
    out, _err = run(folder)
    assert out.splitlines()[0] == "Example was and is at http://example.localhost:8000/"
    assert ["incidents", "0", "0", "1"] in [line.split() for line in out.splitlines()]


def test_a_slug_and_a_shift_are_taken(acme: Tenant, folder: Path) -> None:
    run(folder, "--slug", "ours", "--shift-weeks", "2")
    page = StatusPage.objects.get(slug="ours")
    assert "moved forward by 2 weeks" in page.note
    assert Incident.objects.get().started_at.day == 15


def test_a_url_comes_over_with_its_progress_and_leaves_no_files(acme: Tenant, own_folder: Path) -> None:
    page = Page()
    page.incidents = page.incidents[:60]
    with serving(page) as url:
        out, err = run(url)
    assert Incident.objects.count() == 60 + len(page.maintenances)
    assert [line for line in err.splitlines() if line] == [
        "Reading documents …",
        "Reading history pages …",
        "Reading incidents …",
    ]
    assert "github.localhost" in out
    assert list(own_folder.rglob("*.json")) == []


def test_what_was_fetched_before_a_failure_is_there_for_the_next_run(acme: Tenant, own_folder: Path) -> None:
    page = Page()
    page.incidents = page.incidents[:60]
    last = page.incidents[-1]["id"]

    def trouble(handler: Handler, path: str, _asked: int) -> bool:
        return last in path and not handler.answer(403)

    page.trouble = trouble
    with serving(page) as url:
        with pytest.raises(CommandError, match="refuses \\(403\\)"):
            run(url)
        kept = {path.stem for path in own_folder.rglob("*.json")}
        page.trouble = lambda *_args: False
        page.asked.clear()
        run(url)
    assert kept
    assert not [path for path in page.asked if Path(path).stem in kept]
    assert Incident.objects.count() == 60 + len(page.maintenances)


@pytest.mark.parametrize(
    "body", ["", "[]", '{"page": {}}', '{"page": {"id": "p1", "name": "X"}, "incidents": [1]}']
)
def test_a_broken_document_is_told_and_changes_nothing(acme: Tenant, folder: Path, body: str) -> None:
    run(folder)
    events = Event.objects.count()
    (folder / "summary.json").write_text(body)
    with pytest.raises(CommandError, match=r"^summary\.json"):
        run(folder)
    assert Event.objects.count() == events
    assert StatusPage.objects.get().version == 1


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        ("nowhere", (), "nowhere: there is no such folder \\(and a URL begins with https://\\)"),
        ("ftp://status.example", (), "is not an http or https URL"),
        (RECORDED, ("--slug", "Not A Slug"), "lower-case letters.* --slug"),
        (RECORDED, ("--slug", "globex"), r"already in use: globex\.localhost.* Name another with --slug\."),
        (RECORDED, ("--shift-weeks", "9999"), "--shift-weeks is at most 5200"),
        (RECORDED, ("--tenant", "nobody"), "There is no organisation “nobody”"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(acme: Tenant, source, options, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(source, *options)
    assert not StatusPage.objects.exists()


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("globex", "already in use.* --slug"),
        ("ours", "The page “ours” is not an import of GitHub.* --slug"),
        ("Not A Slug", "lower-case letters.* --slug"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused_before_its_history_is_read(
    acme: Tenant, slug: str, sentence: str
) -> None:
    create_page(IMPORT, name="Ours", slug="ours")
    page = Page()
    with serving(page) as url, pytest.raises(CommandError, match=sentence):
        run(url, "--slug", slug)
    assert {path.split("/")[1] for path in page.asked} == {"api"}


def test_an_imported_page_is_brought_up_to_date_from_its_url(acme: Tenant) -> None:
    page = Page()
    page.incidents = page.incidents[:60]
    with serving(page) as url:
        run(url)
        out, _err = run(url)
    assert "was and is at" in out


def test_another_organisation_may_import_the_same_source(acme: Tenant, globex: Tenant, folder: Path) -> None:
    run(folder)
    shutil.copytree(folder, folder.with_name("again"))
    out, _err = run(folder.with_name("again"), "--tenant", "globex", "--slug", "example-of-globex")
    assert "example-of-globex.localhost" in out
