"""The drill: the service runs, a page changes, all is killed, and nginx alone serves what there was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copies.names import CONFIRMED, MANIFEST
from store.emergency import RESERVED
from tests.clocks import Stopwatch
from tests.copies.serving import KEPT_FOR_LATER, ask, nginx
from tests.degraded.installation import Installation, installed, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

BEHIND = 30.0
_ADD = """
from copies.actions import add_copy_target
from events.actor import SYSTEM
from pages.models import StatusPage
with in_tenant(Tenant.objects.get(slug="acme").id):
    add_copy_target(StatusPage.objects.get(), SYSTEM, kind="directory", folder="status")
"""
_OPEN = """
from components.models import Component
from components.actions import update_component
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
with in_tenant(Tenant.objects.get(slug="acme").id):
    page = StatusPage.objects.get()
    hidden = Component.objects.present().first()
    update_component(page, hidden, SYSTEM, name="Hidden machine", restricted=True)
    words = Words("investigating", "Everything is on fire.")
    open_incident(page, SYSTEM, words, name="The last thing that was said")
    page.refresh_from_db()
    answer(page.version)
"""


# How many pages somebody is still writing or copying.
_OWED = """
from datetime import timedelta
from django.utils import timezone
from outbox.models import OutboxItem
from outbox.registry import Lane, topics
owed = topics(Lane.PUBLISH, Lane.ARCHIVE, Lane.COPY)
soon = timezone.now() + timedelta(minutes=2)
answer(OutboxItem.objects.alive().filter(topic__in=owed, due_at__lte=soon).count())
"""


def copied_version(folder: Path) -> int:
    path = folder / MANIFEST
    return int(json.loads(path.read_text())["version"]) if path.exists() else 0


def test_when_all_is_gone_the_copy_has_every_public_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPIES_ROOT", str(tmp_path / "copies"))
    with installed(tmp_path) as installation:
        installation.python(_ADD)
        until(lambda: list((tmp_path / "copies").glob(f"*/status/{CONFIRMED}")), seconds=60)
        [folder] = (tmp_path / "copies").glob("*/status")

        watch = Stopwatch()
        version = installation.python(_OPEN)
        until(lambda: copied_version(folder) >= version, seconds=BEHIND)
        assert watch.seconds < BEHIND
        # What the archive still owes follows at the same version.
        until(lambda: not installation.python(_OWED), seconds=BEHIND)
        until(lambda: held(folder) == public(installation), seconds=BEHIND)
        installation.end()

        with nginx(folder, tmp_path / "nginx") as port:
            differing = {}
            manifest = installation.manifest()
            assert manifest.version >= version
            for path, entry in manifest.entries.items():
                answer = ask(port, path)
                found = (answer.status, answer.headers["content-type"], answer.body)
                wanted = (entry.status, entry.type, installation.store.body(entry.hash))
                if found != wanted and not path.startswith((RESERVED, KEPT_FOR_LATER)):
                    differing[path] = (found[:2], wanted[:2])
            assert differing == {}
            assert "The last thing that was said" in ask(port, "/").body.decode()
            everything = b"".join(ask(port, path).body for path in manifest.entries)
        assert b"Globex" not in everything
        assert b"Hidden machine" not in everything


def held(folder: Path) -> set[str]:
    return {row[0] for row in json.loads((folder / MANIFEST).read_text())["files"].values()}


def public(installation: Installation) -> set[str]:
    return installation.manifest().hashes()
