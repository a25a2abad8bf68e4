"""What is missing or damaged on one side comes from the other."""

from __future__ import annotations

import logging
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import HostEntry, Store, connect
from tests.services import any_port, valkey
from tests.store.builders import (
    ACME,
    GLOBEX,
    body_files,
    complete_version,
    documents,
    emptied,
    manifest,
    opened,
    publish,
    stored_text,
    text,
)


def test_publishing_goes_on_while_redis_is_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = any_port()
    down = opened(tmp_path / "store", f"redis://127.0.0.1:{port}/1")
    with caplog.at_level(logging.WARNING):
        assert publish(down, 1)
        assert down.put_hosts(1, {})
        down.beat(datetime(2026, 11, 20, tzinfo=UTC))
    assert "without Redis" in caplog.text
    assert complete_version(down) == 1
    assert down.last_beat() == datetime(2026, 11, 20, tzinfo=UTC)
    assert not publish(down, 1)
    down.sync()
    down.remove(ACME)
    assert down.manifest(ACME) is None


@pytest.mark.process
def test_redis_is_repaired_once_it_is_back(tmp_path: Path) -> None:
    port = any_port()
    with valkey(tmp_path / "valkey", port=port) as url:
        store, mirror = opened(tmp_path / "store", f"{url}/1"), opened(tmp_path / "mirror", f"{url}/1")
        publish(store, 1, ACME)
        publish(store, 1, GLOBEX)
    assert publish(store, 2, ACME)
    assert publish(store, 2, GLOBEX)
    with valkey(tmp_path / "valkey", port=port) as url:
        publish(store, 3, ACME)
        mirror.sync()
        assert complete_version(mirror, ACME) == 3
        store.sync()
        mirror.sync()
        assert complete_version(mirror, GLOBEX) == 2


def test_a_refused_put_repairs_redis_too(store: Store, other: Store, redis_url: str) -> None:
    publish(store, 2)
    emptied(redis_url)
    assert not publish(store, 2)
    assert complete_version(other) == 2


def test_an_emptied_redis_is_filled_from_disk(store: Store, other: Store, redis_url: str) -> None:
    publish(store, 1)
    first = store.manifest(ACME)
    new = documents(2, paths=("/",))
    store.put(manifest(2, new, before=first), new)
    store.put_hosts(1, {"acme.localhost": HostEntry(ACME, "acme.localhost", "slug", True)})
    emptied(redis_url)
    store.sync()
    other.sync()
    shutil.rmtree(_root(store))
    assert (stored_text(other), stored_text(other, path="/history")) == (
        text(ACME, "/", 2),
        text(ACME, "/history", 1),
    )
    assert other.hosts() == store.hosts()


def test_a_put_after_redis_was_emptied_brings_every_body(store: Store, other: Store, redis_url: str) -> None:
    publish(store, 1)
    emptied(redis_url)
    new = documents(2, paths=("/",))
    store.put(manifest(2, new, before=store.manifest(ACME)), new)
    shutil.rmtree(_root(store))
    other.pull(ACME)
    emptied(redis_url)
    assert stored_text(other, path="/history") == text(ACME, "/history", 1)


def test_an_emptied_disk_is_filled_from_redis(store: Store, redis_url: str) -> None:
    publish(store, 4)
    store.put_hosts(1, {"acme.localhost": HostEntry(ACME, "acme.localhost", "slug", True)})
    shutil.rmtree(_root(store))
    assert complete_version(store) == 4
    store.sync()
    emptied(redis_url)
    assert complete_version(store) == 4
    hosts = store.hosts()
    assert hosts is not None
    assert hosts.entries["acme.localhost"].page_id == ACME


def test_a_body_read_from_redis_stays_on_disk(store: Store, redis_url: str) -> None:
    publish(store, 4)
    for path in body_files(_root(store)):
        path.unlink()
    assert complete_version(store) == 4
    emptied(redis_url)
    assert complete_version(store) == 4


def test_an_emptied_disk_cannot_be_overtaken_by_an_older_version(store: Store) -> None:
    publish(store, 4)
    shutil.rmtree(_root(store))
    assert not publish(store, 3)
    assert complete_version(store) == 4


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "swapped"])
def test_damaged_bodies_are_read_from_redis_and_repaired(store: Store, redis_url: str, damage: str) -> None:
    publish(store, 1)
    _damage(body_files(_root(store)), damage)
    assert complete_version(store) == 1
    emptied(redis_url)
    assert complete_version(store) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "swapped"])
def test_damaged_bodies_are_never_served(alone: Store, damage: str) -> None:
    publish(alone, 1)
    _damage(body_files(_root(alone)), damage)
    assert stored_text(alone) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
def test_a_damaged_manifest_is_read_from_redis(store: Store, redis_url: str, damage: str) -> None:
    publish(store, 1)
    _damage([_root(store) / "pages" / ACME / "public.json"], damage)
    assert complete_version(store) == 1
    store.sync()
    emptied(redis_url)
    assert complete_version(store) == 1


def test_a_manifest_of_another_page_is_not_served(alone: Store) -> None:
    publish(alone, 1, GLOBEX)
    pages = _root(alone) / "pages"
    shutil.copytree(pages / GLOBEX, pages / ACME)
    assert alone.manifest(ACME) is None


def test_a_put_repairs_a_damaged_body_that_it_brings(alone: Store) -> None:
    publish(alone, 1)
    _damage(body_files(_root(alone)), "cut")
    publish_again = documents(1)
    assert alone.put(manifest(1, publish_again, release=1), publish_again)
    assert complete_version(alone) == 1


def test_damage_in_redis_does_not_reach_the_disk(store: Store, other: Store, redis_url: str) -> None:
    publish(store, 1)
    other.sync()
    publish(store, 2)
    client = connect(redis_url)
    for key in client.scan_iter("store:body:*"):
        client.set(key, b"not a body")
    assert not other.pull(ACME)
    assert complete_version(other) == 1
    client.hset(f"store:page:{ACME}:public", "data", b"not a manifest")
    assert not other.pull(ACME)
    assert complete_version(other) == 1


def test_garbage_is_dropped_after_its_grace_and_nothing_else(store: Store, redis_url: str) -> None:
    publish(store, 1)
    publish(store, 1, GLOBEX)
    new = documents(2, paths=("/",))
    dropped = documents(1, paths=("/",))[0].hash
    store.put(manifest(2, new, before=store.manifest(ACME)), new)
    assert store.collect_garbage(timedelta(hours=1)) == 0
    assert store.body(dropped) is not None
    client = connect(redis_url)
    assert [key.decode() for key in client.scan_iter("store:body:*") if client.ttl(key) != -1] == [
        f"store:body:{dropped}"
    ]
    assert 3590 < client.ttl(f"store:body:{dropped}") <= 3600
    client.flushall()
    time.sleep(0.02)
    assert store.collect_garbage(timedelta(milliseconds=10)) == 1
    assert store.body(dropped) is None
    assert stored_text(store, path="/history") == text(ACME, "/history", 1)
    assert complete_version(store, GLOBEX) == 1


def test_the_grace_of_a_body_begins_when_it_is_dropped(alone: Store) -> None:
    publish(alone, 1)
    for path in body_files(_root(alone)):
        os.utime(path, (0, 0))
    publish(alone, 2)
    assert alone.collect_garbage(timedelta(hours=1)) == 0
    alone.remove(ACME)
    assert alone.collect_garbage(timedelta(hours=1)) == 0
    assert alone.collect_garbage(timedelta(seconds=-1)) == 6


def test_a_body_in_use_again_survives_the_collector(store: Store, redis_url: str) -> None:
    publish(store, 1)
    publish(store, 2)
    store.collect_garbage(timedelta(hours=1))
    again = documents(1)
    store.put(manifest(3, again), again)
    store.collect_garbage(timedelta(0))
    lifetimes = {connect(redis_url).ttl(f"store:body:{document.hash}") for document in again}
    assert lifetimes == {-1}
    assert stored_text(store) == text(ACME, "/", 1)


def test_a_mirror_that_cannot_write_notes_no_heartbeat(store: Store, other: Store) -> None:
    store.beat(datetime.now(UTC))
    (_root(other) / "heartbeat").mkdir(parents=True)

    with pytest.raises(OSError, match="heartbeat"):
        other.pull_beat()


def test_nothing_is_collected_while_a_manifest_is_damaged(store: Store) -> None:
    publish(store, 1)
    _damage([_root(store) / "pages" / ACME / "public.json"], "cut")
    assert store.collect_garbage(timedelta(seconds=-1)) == 0
    assert complete_version(store) == 1


def _root(store: Store) -> Path:
    return store._disk.root


def _damage(paths: list[Path], how: str) -> None:
    raws = [path.read_bytes() for path in paths]
    for number, (path, raw) in enumerate(zip(paths, raws, strict=True)):
        middle = len(raw) // 2
        damaged = {
            "cut": raw[:middle],
            "flipped": raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :],
            "emptied": b"",
            "swapped": raws[number - 1],
        }
        path.write_bytes(damaged[how])
