from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import CHANNEL, Change, Document, Entry, HostEntry, Manifest, Store, StoreError, connect
from store.shared import Shared
from tests.store.builders import (
    ACME,
    GLOBEX,
    HTML,
    PUBLISHED_AT,
    body_files,
    complete_version,
    documents,
    manifest,
    opened,
    publish,
    stored_text,
    text,
)


def test_what_was_put_can_be_read(store: Store) -> None:
    new = documents(1)
    assert store.put(manifest(1, new), new)
    assert store.manifest(ACME) == manifest(1, new)
    assert complete_version(store) == 1


@pytest.mark.parametrize("connected", [True, False])
def test_the_store_never_goes_back(tmp_path: Path, redis_url: str, connected: bool) -> None:
    store = opened(tmp_path / "store", redis_url if connected else None)
    orders = [(version, release) for version in range(4) for release in range(3)] * 2
    random.shuffle(orders)
    newest = (-1, -1)
    for version, release in orders:
        accepted = publish(store, version, release=release)
        assert accepted == ((version, release) > newest)
        newest = max(newest, (version, release))
        found = store.manifest(ACME)
        assert found is not None
        assert found.order == newest
        assert complete_version(store) == newest[0]


def test_a_refused_put_leaves_no_body(alone: Store, tmp_path: Path) -> None:
    publish(alone, 2)
    before = body_files(tmp_path / "store")
    assert not publish(alone, 1)
    assert body_files(tmp_path / "store") == before


def test_a_body_that_is_stored_is_not_written_again(alone: Store, tmp_path: Path) -> None:
    publish(alone, 1)
    inodes = {path: path.stat().st_ino for path in body_files(tmp_path / "store")}
    same = [Document(path, text(ACME, path, 1), HTML) for path in ("/", "/history", "/api/v2/status.json")]
    assert alone.put(manifest(2, same), same)
    assert {path: path.stat().st_ino for path in body_files(tmp_path / "store")} == inodes


def test_carried_over_documents_need_no_bodies(store: Store) -> None:
    publish(store, 1)
    new = documents(2, paths=("/",))
    assert store.put(manifest(2, new, before=store.manifest(ACME)), new)
    assert stored_text(store, path="/history") == text(ACME, "/history", 1)
    assert stored_text(store) == text(ACME, "/", 2)


def test_redis_compares_and_sets_in_one_step(redis_url: str) -> None:
    shared = Shared(connect(redis_url))
    held = (-1, -1)
    for order in random.sample([(version, release) for version in range(5) for release in range(5)], 25):
        new = manifest(order[0], documents(order[0]), release=order[1])
        assert shared.put_manifest(new, new.to_bytes()) == (order > held)
        held = max(held, order)
        assert shared.order(ACME, "public") == held
        raw = shared.manifest(ACME, "public")
        assert raw is not None
        assert Manifest.from_bytes(raw).order == held


def test_two_machines_agree_on_the_newest(store: Store, other: Store) -> None:
    assert publish(store, 5)
    assert not publish(other, 4)
    assert not publish(other, 5)
    assert complete_version(other) == 5
    assert publish(other, 6)
    assert not publish(store, 5, release=9)
    assert complete_version(store) == 6


@pytest.mark.parametrize(
    ("entries", "new"),
    [
        ({}, []),
        ({"/": Entry("0" * 64, HTML, 200, 1, False)}, []),
        ({"/": Entry.of(Document("/", b"one", HTML))}, [Document("/", b"two", HTML)]),
        ({"/": Entry.of(Document("/", b"one", HTML))}, [Document("/other", b"one", HTML)]),
        ({"/": Entry.of(Document("/", b"one", HTML))}, [Document("/", b"one", HTML, status=404)]),
    ],
)
def test_a_manifest_without_its_bodies_is_refused(
    store: Store, entries: dict[str, Entry], new: list[Document]
) -> None:
    with pytest.raises(StoreError):
        store.put(Manifest(ACME, "public", 1, 0, PUBLISHED_AT, entries), new)
    assert store.manifest(ACME) is None


@pytest.mark.parametrize("name", ["", ".", "..", "../etc", "a/b", "A", "a\n", "a" * 65, "a:b", "*"])
def test_a_page_id_that_is_no_file_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(StoreError):
        publish(store, 1, page_id=name)
    with pytest.raises(StoreError):
        store.manifest(name)
    with pytest.raises(StoreError):
        store.manifest(ACME, name)
    with pytest.raises(StoreError):
        store.remove(name)


@pytest.mark.parametrize("digest", ["", "..", "../../hosts.json", "0" * 63, "G" * 64])
def test_a_hash_that_is_none_is_refused(store: Store, digest: str) -> None:
    with pytest.raises(StoreError):
        store.body(digest)


def test_pages_do_not_meet(store: Store) -> None:
    publish(store, 3, ACME)
    publish(store, 1, GLOBEX)
    assert (complete_version(store, ACME), complete_version(store, GLOBEX)) == (3, 1)
    assert sorted((found.page_id, found.version) for found in store.manifests()) == [(ACME, 3), (GLOBEX, 1)]
    store.remove(ACME)
    assert store.manifest(ACME) is None
    assert complete_version(store, GLOBEX) == 1


def test_views_of_a_page_do_not_meet(store: Store) -> None:
    publish(store, 3)
    secret = [Document("/", b"for eyes only", HTML)]
    view = "0123456789abcdef"
    assert store.put(Manifest(ACME, view, 2, 0, PUBLISHED_AT, {"/": Entry.of(secret[0])}), secret)
    assert complete_version(store) == 3
    found = store.manifest(ACME, view)
    assert found is not None
    assert store.body(found.entries["/"].hash) == b"for eyes only"


def test_a_removed_page_is_gone_everywhere_until_a_newer_version(store: Store, other: Store) -> None:
    publish(store, 3)
    other.sync()
    store.remove(ACME)
    other.sync()
    store.sync()
    for each in (store, other):
        assert each.manifest(ACME) is None
        assert list(each.manifests()) == []
        assert not publish(each, 3)
    assert publish(store, 4)
    assert other.pull(ACME)
    assert complete_version(other) == 4


def test_every_change_is_told_once(store: Store, redis_url: str) -> None:
    with connect(redis_url).pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(CHANNEL)
        listener.get_message(timeout=1)
        publish(store, 1)
        publish(store, 1)
        publish(store, 2)
        publish(store, 1)
        store.put_hosts(9, {})
        heard = [listener.get_message(timeout=1) for _ in range(3)]
        assert listener.get_message(timeout=0.1) is None
    changes = [Change.from_bytes(message["data"]) for message in heard if message]
    assert changes == [Change(ACME, "public", 1), Change(ACME, "public", 2), Change("", "", 9)]


def test_other_words_on_the_channel_are_no_change() -> None:
    for raw in (b"", b"[]", b"{}", b'{"page_id": 1}', b"\xff", b'{"page_id":"a","view":"b","version":"c"}'):
        assert Change.from_bytes(raw) is None


def test_the_map_of_hosts_never_goes_back(store: Store, other: Store) -> None:
    assert store.hosts() is None
    first = {"acme.localhost": HostEntry(ACME, "status.acme.test", "slug", True)}
    both = first | {"globex.localhost": HostEntry(GLOBEX, "globex.localhost", "slug", False)}
    assert store.put_hosts(1, first)
    assert other.put_hosts(2, both)
    assert not store.put_hosts(1, first)
    assert not store.put_hosts(2, first)
    for each in (store, other):
        found = each.hosts()
        assert found is not None
        assert (found.version, found.entries) == (2, both)


def test_the_newest_heartbeat_counts(store: Store, other: Store) -> None:
    assert store.last_beat() is None
    first = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    store.beat(first)
    assert other.last_beat() == first
    other.beat(first + timedelta(seconds=10))
    assert store.last_beat() == first + timedelta(seconds=10)


def test_many_threads_leave_the_newest(store: Store) -> None:
    versions = list(range(1, 41))
    random.shuffle(versions)
    with ThreadPoolExecutor(8) as threads:
        accepted = sum(threads.map(lambda version: publish(store, version), versions))
    assert complete_version(store) == 40
    assert 1 <= accepted <= 40


def test_what_was_written_ahead_is_stored_as_what_was_not(alone: Store, tmp_path: Path) -> None:
    new = documents(1)
    with alone.ahead() as ahead:
        made = list(ahead.passing(new))
        assert made == new
        assert alone.put(manifest(1, new), made, ahead)
    plain = Store(tmp_path / "plain", None)
    assert plain.put(manifest(1, new), new)

    assert [alone.variants(one.hash) for one in new] == [plain.variants(one.hash) for one in new]


def test_what_is_written_ahead_is_what_the_disk_lacks_or_holds_damaged(alone: Store, tmp_path: Path) -> None:
    new = documents(1)
    publish(alone, 1)
    whole, damaged, *_ = body_files(tmp_path / "store")
    damaged.write_bytes(b"damaged")
    with alone.ahead() as ahead:
        list(ahead.passing(new))
        kept = ahead.kept([one.hash for one in new])
    assert {digest for digest, container in kept.items() if container} == {damaged.name}
    assert kept[whole.name] is None
    assert complete_version(alone) == 1


def test_what_was_written_ahead_and_never_put_is_collected(alone: Store) -> None:
    left = documents(2)
    publish(alone, 1)
    with alone.ahead() as ahead:
        list(ahead.passing(left))
        ahead.kept([one.hash for one in left])
    assert alone.collect_garbage(timedelta(hours=1)) == 0
    assert alone.collect_garbage(timedelta(hours=-1)) == len({one.hash for one in left})
    assert complete_version(alone) == 1


def test_what_the_collector_takes_before_the_put_is_written_again(alone: Store) -> None:
    publish(alone, 1)
    new = documents(2)
    with alone.ahead() as ahead:
        list(ahead.passing(new))
        ahead.kept([one.hash for one in new])
        alone.collect_garbage(timedelta(hours=-1))
        assert alone.put(manifest(2, new), new, ahead)
    assert complete_version(alone) == 2


def test_a_put_hears_of_a_disk_that_took_nothing_ahead(alone: Store, tmp_path: Path) -> None:
    publish(alone, 1)
    new = documents(2)
    folder = tmp_path / "store" / "bodies" / new[0].hash[:2]
    folder.rename(tmp_path / "away") if folder.exists() else None
    folder.write_text("no folder")
    with alone.ahead() as ahead:
        made = list(ahead.passing(new))
        with pytest.raises(OSError, match="bodies"):
            alone.put(manifest(2, new), made, ahead)
    found = alone.manifest(ACME)
    assert found is not None
    assert found.version == 1
