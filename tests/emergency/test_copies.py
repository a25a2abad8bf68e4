"""Where a copy of the page stands alone, its files say it; the service takes them back when it returns."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from components.actions import create_component, set_status
from copies.models import CopyTarget
from edge.bodies import Body
from edge.overlay import Overlay
from publishing.emergency.fold import fold
from store.emergency import Log, ready_path
from store.packing import compress
from tests.conftest import ACTOR
from tests.copies.conftest import buckets, folder, own_places, place, s3_url, target
from tests.copies.copied import drain_copies, publish_and_copy
from tests.copies.places import Place, stored_files
from tests.emergency.kits import done

FORMS = {
    "/badge.svg": "image/svg+xml",
    "/badge-plain.svg": "image/svg+xml",
    "/embed/widget.json": "application/json; charset=utf-8",
    "/embed/frame": "text/html; charset=utf-8",
    "/status.txt": "text/plain; charset=utf-8",
    "/index.md": "text/markdown; charset=utf-8",
}
__all__ = ["buckets", "folder", "own_places", "place", "s3_url", "target"]


@pytest.fixture
def kit(target: CopyTarget, tmp_path: Path) -> Path:
    """Of a page whose copy is complete, and that can be reached in no other way."""
    publish_and_copy()
    path = tmp_path / "kit.json"
    call_command("emergency_kit", target.page.slug, out=path, stdout=StringIO())
    told = json.loads(path.read_text())
    told["stores"] = [one for one in told["stores"] if one["kind"] in {"folder", "bucket"}]
    path.write_text(json.dumps(told))
    return path


def read(place: Place, target: CopyTarget, name: str) -> dict:
    return json.loads(place.files(target)[f"api/v2/{name}.json"])


def test_a_copy_says_it_too(place: Place, target: CopyTarget, kit: Path) -> None:
    calm = place.files(target)
    done(kit, "say", "We <look>.", "--name", "Logins fail", "--impact", "critical")
    page = place.files(target)["index.html"].decode()
    assert "Logins fail" in page
    assert "We &lt;look&gt;." in page
    assert 'id="notice"' in page
    assert read(place, target, "status")["status"]["indicator"] == "critical"
    assert read(place, target, "summary")["incidents"][0]["name"] == "Logins fail"

    done(kit, "resolve", "Over.")
    status = json.loads(calm["api/v2/status.json"])["status"]
    assert read(place, target, "status")["status"] == status
    assert read(place, target, "incidents/unresolved")["incidents"] == []
    assert [one["status"] for one in read(place, target, "incidents")["incidents"]] == ["resolved"]
    assert '<h1 class="status" id="state">Resolved</h1>' in place.files(target)["index.html"].decode()
    assert "Over." in done(kit, "status")


def test_every_form_says_it_as_an_edge_would_until_it_is_over(
    place: Place, target: CopyTarget, kit: Path
) -> None:
    names = {path: place.name(path, kind) for path, kind in FORMS.items()}
    calm = place.files(target)
    done(kit, "say", "We *look*.\nAll of us.", "--name", "Logins <fail>", "--impact", "critical")
    done(kit, "update", "--status", "identified", "A disk.")
    open_now = place.files(target)
    assert {path: open_now[name] for path, name in names.items()} == as_an_edge_says(place, open_now, kit)
    assert all(open_now[name] != calm[name] for name in names.values())

    done(kit, "resolve", "Over.")
    over = place.files(target)
    assert {name: over[name] for name in names.values()} == {name: calm[name] for name in names.values()}


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_what_the_service_has_written_since_is_what_a_later_notice_gives_back(
    place: Place, target: CopyTarget, kit: Path
) -> None:
    """The notice was never resolved: the service came back."""
    badge = place.name("/badge.svg", "image/svg+xml")
    done(kit, "say", "We look.")
    drain_copies()
    api = create_component(target.page, ACTOR, name="API")
    set_status(target.page, {api.pk: "degraded_performance"}, ACTOR)
    publish_and_copy()
    worse = place.files(target)[badge]
    done(kit, "update", "It is worse.")
    assert place.files(target)[badge] != worse
    done(kit, "resolve", "Over.")
    assert place.files(target)[badge] == worse


def as_an_edge_says(place: Place, files: dict[str, bytes], kit: Path) -> dict[str, bytes]:
    """By what is ready in the copy, and the log beside it."""
    told = json.loads(kit.read_text())
    page_id = told["page"]["id"]
    log = Log.from_bytes(files[f".emergency/{page_id}.json"], bytes.fromhex(told["key"]), page_id)
    overlay = Overlay(notice=log.notices[-1], serial=log.serial)
    found = {}
    for path, kind in FORMS.items():
        made = ready_path("critical", path)
        found[path] = files[place.name(made, kind)]
        if overlay.fits(made, kind):
            found[path] = overlay.over(Body("", compress(found[path])), "", made, kind).chosen(b"").data
    return found


def test_the_service_takes_its_files_back(place: Place, target: CopyTarget, kit: Path) -> None:
    done(kit, "say", "We look.")
    assert fold(target.page, Path(f"{kit}.d")) == 1
    publish_and_copy()
    found = place.files(target)
    for name, body in stored_files(place, target.page).items():
        assert found[name] == body, name


def test_files_that_were_not_changed_since_are_taken_back_as_well(
    place: Place, target: CopyTarget, kit: Path
) -> None:
    """Nobody folds, and the page's own files are as they were."""
    done(kit, "say", "We look.")
    drain_copies()
    found = place.files(target)
    for name, body in stored_files(place, target.page).items():
        assert found[name] == body, name
