"""Whatever happens to a page: its copies have exactly what the store has."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from common.tenancy import current_tenant_id, in_tenant
from components.actions import create_component, delete_component, update_component
from components.models import Component
from copies.actions import copy_anew, remove_copy_target
from copies.asking import COPY
from copies.copying import Copying, Newer, OutOfTime
from copies.held import Held
from copies.models import CopyTarget
from copies.names import CONFIRMED, MANIFEST
from copies.target import TargetError
from incidents.actions.incident import delete_incident, open_incident
from incidents.steps import Words
from outbox.models import OutboxItem
from outbox.registry import Claimed, Later
from pages.actions import delete_page, update_page
from pages.models import StatusPage
from publishing.copying import CONFIRM_EVERY, copy_to_target
from store import StoreError
from store.emergency import RESERVED
from tenants.models import Tenant
from tests.conftest import ACTOR, CANARY
from tests.copies.copied import drain_copies, fresh, publish_and_copy
from tests.copies.places import Buckets, Folder, Place, assert_copied, documents, stored_files
from tests.copies.stopping import Fragile, Stopped, an_incident, begin, copying, manifest_of, stop_and_go_on
from tests.publishing.published import drain_publishing


def test_every_document_is_copied_under_its_name(place: Place, target: CopyTarget) -> None:
    create_component(target.page, ACTOR, name="API")
    an_incident(target.page)
    publish_and_copy()

    assert_copied(place, target)
    files = place.files(target)
    assert "Slow answers" in files["index.html"].decode()
    assert {"404.html", "api/v2/summary.json", "badge.svg", "status.txt", "history.atom"} <= files.keys()
    assert ("history/index.html" if place.kind == "directory" else "history") in files


def test_the_next_version_sends_only_what_changed(place: Place, target: CopyTarget) -> None:
    component = create_component(target.page, ACTOR, name="API")
    publish_and_copy()
    before = stored_files(place, target.page)
    an_incident(target.page)
    publish_and_copy()

    assert_copied(place, target)
    after = stored_files(place, target.page)
    same = [name for name in before if after.get(name) == before[name]]
    assert len(same) > 5
    # Whatever else writes there would not come back: only what differs is compared.
    place.put(target, same[0], b"left alone")
    update_component(target.page, component, ACTOR, purpose="Answers")
    manifest = manifest_of(target.page)
    assert copying(target, manifest).run(None) == 0
    assert place.files(target)[same[0]] == b"left alone"


def test_what_is_gone_from_the_page_is_gone_from_the_copy(place: Place, target: CopyTarget) -> None:
    incident = an_incident(target.page)
    publish_and_copy()
    assert any(incident.pk in name for name in place.files(target))
    delete_incident(target.page, incident, ACTOR)
    publish_and_copy()

    assert_copied(place, target)
    assert not any(incident.pk in name for name in place.files(target))


@pytest.mark.parametrize("verb", ["restrict", "delete"])
def test_what_nobody_may_see_any_more_is_in_no_copy(
    place: Place, target: CopyTarget, component: Component, verb: str
) -> None:
    update_component(target.page, component, ACTOR, name="Secret machine")
    words = Words("investigating", "Hm.", components={component.pk: "major_outage"})
    open_incident(target.page, ACTOR, words, name="Slow")
    publish_and_copy()
    assert any(b"Secret machine" in body for body in place.files(target).values())

    if verb == "restrict":
        update_component(target.page, component, ACTOR, restricted=True)
    else:
        delete_component(target.page, component, ACTOR)
    publish_and_copy()

    assert_copied(place, target)
    if verb == "restrict":
        found = [name for name, body in place.files(target).items() if b"Secret machine" in body]
        assert found == []
    assert not any(component.pk in name for name in place.files(target))


def test_a_page_that_is_not_for_everybody_leaves_its_copies(place: Place, target: CopyTarget) -> None:
    create_component(target.page, ACTOR, name="Secret machine")
    an_incident(target.page, "Secret trouble")
    publish_and_copy()
    update_page(target.page, ACTOR, page_type="team")
    publish_and_copy()

    assert_copied(place, target)
    files = {name: body for name, body in place.files(target).items() if not name.startswith("assets/")}
    assert files.keys() - {MANIFEST, CONFIRMED} == {"index.html", "404.html", "robots.txt", "favicon.ico"}
    assert not any(b"Secret" in body for body in place.files(target).values())


def test_no_copy_has_anything_of_another_organisation(
    place: Place, target: CopyTarget, globex: Tenant
) -> None:
    with in_tenant(globex.id):
        theirs = place.add(StatusPage.objects.get(), "status" if place.kind == "directory" else "theirs")
    publish_and_copy()

    assert not any(CANARY.encode() in body for body in place.files(target).values())
    with in_tenant(globex.id):
        assert_copied(place, theirs)
        assert any(CANARY.encode() in body for body in place.files(theirs).values())
    assert_copied(place, target)


def test_a_page_that_was_taken_away_leaves_an_empty_copy(place: Place, target: CopyTarget) -> None:
    publish_and_copy()
    update_page(target.page, ACTOR, published=False)
    publish_and_copy()
    assert place.files(target).keys() == {MANIFEST}

    update_page(target.page, ACTOR, published=True)
    publish_and_copy()
    assert_copied(place, target)

    delete_page(target.page, ACTOR)
    publish_and_copy()
    assert place.files(target).keys() == {MANIFEST}


def test_an_emptied_store_takes_nothing_away(place: Place, target: CopyTarget, settings: Any) -> None:
    publish_and_copy()
    before = place.files(target)
    settings.STORE_DIR = Path(settings.STORE_DIR).with_name("another")
    drain_copies()

    assert place.files(target) == before


def test_an_older_version_never_replaces_a_newer(place: Place, target: CopyTarget) -> None:
    publish_and_copy()
    old = manifest_of(target.page)
    an_incident(target.page)
    publish_and_copy()
    before = place.files(target)

    with pytest.raises(Newer):
        copying(target, old).run(timezone.now())
    assert place.files(target) == before


def test_a_copy_that_is_newer_than_the_page_is_left_and_told(place: Place, target: CopyTarget) -> None:
    """The database was restored from a backup, say."""
    publish_and_copy()
    version = fresh(target).version
    held = Held.from_bytes(place.files(target)[MANIFEST])
    place.put(target, MANIFEST, replace(held, order=(held.order[0] + 7, 0)).to_bytes())
    before = place.files(target)
    drain_copies()

    assert fresh(target).last_error == f"The copy is newer, version {version + 7}; the page has {version}."
    assert place.files(target) == before


def test_a_place_with_other_files_is_left_alone(place: Place, target: CopyTarget) -> None:
    place.put(target, "holiday.jpg", b"beach")
    publish_and_copy()

    assert "files of something else" in fresh(target).last_error
    assert place.files(target) == {"holiday.jpg": b"beach"}


def test_another_pages_copy_is_left_alone(place: Place, target: CopyTarget) -> None:
    place.put(target, MANIFEST, Held("anotherpages", (1, 0)).to_bytes())
    publish_and_copy()

    assert fresh(target).last_error == "This is the place of another page's copy."


def test_a_manifest_that_is_not_ours_is_left_alone(place: Place, target: CopyTarget) -> None:
    place.put(target, MANIFEST, b'{"sha256":"00"}')
    publish_and_copy()

    assert "is not one of ours" in fresh(target).last_error
    assert place.files(target).keys() == {MANIFEST}


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("after", [6, -2])
def test_wherever_a_writer_is_stopped_the_next_one_finishes_in_a_bucket(
    page: StatusPage, buckets: Buckets, monkeypatch: pytest.MonkeyPatch, after: int, goes_on: bool
) -> None:
    """As in a folder (test_stopped.py)."""
    begun = begin(page, buckets)
    monkeypatch.setattr("copies.copying._AT_ONCE", 1)
    monkeypatch.setattr("copies.copying._BATCH", 5)
    stop_and_go_on(buckets, begun, after, goes_on=goes_on)


def test_the_manifest_comes_last(place: Place, target: CopyTarget) -> None:
    publish_and_copy()
    before = Held.from_bytes(place.files(target)[MANIFEST])
    an_incident(target.page)
    drain_publishing()
    whole = copying(target, manifest_of(target.page))
    counting = Fragile(whole.target, 10**6, real=False)
    replace(whole, target=counting).run(None)
    with pytest.raises(Stopped):
        replace(whole, target=Fragile(whole.target, counting.made - 1)).run(None)

    held = Held.from_bytes(place.files(target)[MANIFEST])
    assert held.order == before.order
    assert {"index.html", "api/v2/summary.json"} <= held.unsure
    assert documents(place.files(target)) == stored_files(place, target.page)


def test_a_copying_that_runs_out_of_time_goes_on_where_it_was(
    place: Place, target: CopyTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        an_incident(target.page, f"Number {number}")
    drain_publishing()
    monkeypatch.setattr("copies.copying._BATCH", 4)
    monkeypatch.setattr("copies.copying._AT_ONCE", 1)
    runs, sent = 0, set()
    manifest = manifest_of(target.page)
    while True:
        one = copying(target, manifest)
        # So many writes are as much as time.
        watched = Fragile(one.target, 13)
        runs += 1
        try:
            replace(one, target=watched).run(None)
            break
        except Stopped:
            held = Held.from_bytes(place.files(target)[MANIFEST])
            assert sent < held.files.keys() | held.unsure
            sent = set(held.files)
    assert 2 < runs < 20
    assert_copied(place, target)


def test_nothing_is_written_once_the_time_is_over(place: Place, target: CopyTarget) -> None:
    drain_publishing()
    with pytest.raises(OutOfTime):
        copying(target, manifest_of(target.page), seconds=-1).run(timezone.now())

    assert place.files(target) == {}


def test_who_runs_out_of_time_is_due_again_at_once(
    page: StatusPage, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain_publishing()
    target = folder.add(page)
    monkeypatch.setattr("publishing.copying.BUDGET", -1)
    with pytest.raises(Later) as later:
        copy_to_target(Claimed(1, COPY, current_tenant_id(), target.pk, 1, 1))

    assert later.value.delay == timedelta(0)
    assert fresh(target).failures == 0


def test_what_was_asked_for_while_copying_is_done_afterwards(
    place: Place, target: CopyTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Copying.run

    def slow(self: Copying, confirmed_at: datetime | None) -> int:
        sent = whole(self, confirmed_at)
        monkeypatch.undo()
        an_incident(target.page)
        drain_publishing()
        return sent

    publish_and_copy()
    monkeypatch.setattr(Copying, "run", slow)
    drain_copies()

    assert_copied(place, target)
    assert "Slow answers" in place.files(target)["index.html"].decode()


def test_the_copy_says_when_it_was_last_current(place: Place, target: CopyTarget) -> None:
    publish_and_copy()
    first = json.loads(place.files(target)[CONFIRMED])
    assert first["page_id"] == target.page.pk
    assert first["version"] == fresh(target).version

    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        drain_copies()
        now = timezone.now()
    later = json.loads(place.files(target)[CONFIRMED])
    assert datetime.fromisoformat(later["at"]) == now.replace(microsecond=0)
    assert later["at"] > first["at"]


def test_a_copy_of_an_older_version_is_not_called_current(place: Place, target: CopyTarget) -> None:
    publish_and_copy()
    before = place.files(target)[CONFIRMED]
    an_incident(target.page)
    drain_copies()

    assert place.files(target)[CONFIRMED] == before
    assert fresh(target).is_behind


def test_a_row_waits_for_the_next_time_for_as_long_as_the_target_is_there(
    place: Place, target: CopyTarget
) -> None:
    publish_and_copy()
    row = OutboxItem.objects.get(topic=COPY)
    assert timedelta(minutes=4) < row.due_at - timezone.now() <= CONFIRM_EVERY
    assert row.attempts == 0

    remove_copy_target(target.page, target, ACTOR)
    drain_copies()
    assert not OutboxItem.objects.filter(topic=COPY).exists()


def test_a_page_without_copies_asks_for_none(page: StatusPage) -> None:
    drain_publishing()

    assert not OutboxItem.objects.filter(topic=COPY).exists()


def test_a_body_that_the_store_has_lost_is_an_error(target: CopyTarget) -> None:
    manifest = manifest_of(target.page)
    with pytest.raises(StoreError):
        replace(copying(target, manifest), body=lambda _digest: None).run(None)


def waits_for_another_try(target: CopyTarget) -> bool:
    row = OutboxItem.objects.get(topic=COPY, key=target.pk)
    return (row.attempts, row.last_error) == (0, "") and fresh(target).is_failing


def test_a_body_that_the_store_has_lost_is_told_and_copied_once_it_is_back(
    place: Place, target: CopyTarget, settings: Any
) -> None:
    entry = manifest_of(target.page).entries["/status.txt"]
    body = Path(settings.STORE_DIR) / "bodies" / entry.hash[:2] / entry.hash
    raw = body.read_bytes()
    body.unlink()
    drain_copies()
    assert fresh(target).last_error == "The store has lost the body of /status.txt."
    assert waits_for_another_try(target)

    body.write_bytes(raw)
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        drain_copies()
    assert_copied(place, target)
    assert not fresh(target).is_failing


ODD = [
    {"unsure": ["../outside"]},
    {"unsure": 7},
    {"unsure": ["\ud800"]},
    {"version": float("inf")},
    {"files": {"index.html": "abc"}},
    {"files": {"index.html": [[], {}, 1]}},
]


@pytest.mark.parametrize("odd", ODD)
def test_whatever_a_copy_says_of_itself_the_team_is_told(
    folder: Folder, page: StatusPage, odd: dict[str, Any]
) -> None:
    drain_publishing()
    target = folder.add(page)
    said = {"page": page.pk, "version": 0, "release": 0, "files": {}, "unsure": []}
    rest = json.dumps(said | odd, separators=(",", ":")).encode()[1:]
    folder.put(target, MANIFEST, b'{"sha256":"%s",' % sha256(rest).hexdigest().encode() + rest)
    drain_copies()

    assert waits_for_another_try(target)


def test_objects_have_their_types_and_lives(page: StatusPage, buckets: Buckets) -> None:
    drain_publishing()
    target = buckets.add(page)
    drain_copies()
    objects = buckets.objects(target)
    manifest = manifest_of(page)
    for path, entry in manifest.entries.items():
        one = objects[buckets.name(path, entry.type)]
        assert one["ContentType"] == entry.type
        assert one["CacheControl"].startswith("public, max-age=")
        assert ("immutable" in one["CacheControl"]) == path.startswith("/assets/")


def test_a_folder_that_is_left_empty_goes(page: StatusPage, folder: Folder) -> None:
    incident = an_incident(page)
    drain_publishing()
    target = folder.add(page)
    drain_copies()
    assert (folder.path(target) / "incidents" / incident.pk).is_dir()
    delete_incident(page, incident, ACTOR)
    publish_and_copy()

    assert not (folder.path(target) / "incidents" / incident.pk).exists()


def test_two_writers_are_never_in_one_folder(page: StatusPage, folder: Folder) -> None:
    drain_publishing()
    target = folder.add(page)
    with copying(target, manifest_of(page)).target.writing(), pytest.raises(TargetError):
        copying(target, manifest_of(page)).run(None)


def test_what_killed_writers_left_is_swept_up(page: StatusPage, folder: Folder) -> None:
    drain_publishing()
    target = folder.add(page)
    drain_copies()
    folder.put(target, "history/.index.html.7.1.tmp", b"half")
    drain_copies()

    assert_copied(folder, target)


@pytest.mark.parametrize("name", ["../outside", "/etc/hosts", "a/../../b", "..", "a//b", "."])
def test_no_name_leads_out_of_a_folder(page: StatusPage, folder: Folder, name: str) -> None:
    """Also not one that somebody wrote into a copy's manifest."""
    drain_publishing()
    target = folder.add(page)
    drain_copies()
    outside = folder.path(target).parent / "outside"
    outside.write_text("mine")
    held = Held.from_bytes(folder.files(target)[MANIFEST])
    folder.put(target, MANIFEST, replace(held, unsure=frozenset({name})).to_bytes())
    with pytest.raises(StoreError):
        copying(target, manifest_of(page)).run(None)

    assert outside.read_text() == "mine"


def test_all_is_sent_again_when_somebody_asks_for_it(place: Place, target: CopyTarget) -> None:
    """An emergency was told in the copy, say, and never in the page."""
    publish_and_copy()
    place.put(target, "index.html", b"We are on fire")
    drain_copies()
    assert place.files(target)["index.html"] == b"We are on fire"

    copy_anew(target.page, target, ACTOR)
    drain_copies()
    drain_copies()

    assert_copied(place, target)
    assert [item.key for item in OutboxItem.objects.filter(topic=COPY)] == [target.pk]


def test_what_is_ready_for_an_emergency_is_in_every_copy(place: Place, target: CopyTarget) -> None:
    """`emergency.py` puts it in the place of the page, where nobody else is left to do so."""
    publish_and_copy()
    entries = manifest_of(target.page).entries.items()
    ready = {place.name(path, entry.type) for path, entry in entries if path.startswith(RESERVED)}

    assert ready
    assert ready <= place.files(target).keys()
