"""Where a copy of the page stands alone, its files say it; the service takes them back when it returns."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from copies.models import CopyTarget
from publishing.emergency.fold import fold
from tests.copies.conftest import buckets, folder, own_places, place, s3_url, target
from tests.copies.copied import drain_copies, publish_and_copy
from tests.copies.places import Place, stored_files
from tests.emergency.kits import done

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
