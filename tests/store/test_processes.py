"""Writers that are processes of their own, some of which get killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
from pathlib import Path

import pytest

from store import Store
from tests.store.builders import ACME, complete_version, emptied, opened, publish

pytestmark = pytest.mark.process

forked = multiprocessing.get_context("fork")
spawned = multiprocessing.get_context("spawn")


def publish_all(root: Path, url: str | None, versions: list[int]) -> None:
    store = opened(root, url)
    for version in versions:
        publish(store, version)


def watch_order(root: Path, stop: threading.Event, seen: list[int]) -> None:
    store = opened(root, None)
    while not stop.is_set():
        found = store.manifest(ACME)
        seen.append(0 if found is None else found.version)


@pytest.mark.parametrize("connected", [True, False])
def test_versions_never_go_back_under_concurrent_writers(
    tmp_path: Path, redis_url: str, connected: bool
) -> None:
    url = redis_url if connected else None
    writers = []
    for _ in range(4):
        versions = random.sample(range(1, 61), 60)
        writers.append(spawned.Process(target=publish_all, args=(tmp_path, url, versions)))
    stop, seen = threading.Event(), list[int]()
    watcher = threading.Thread(target=watch_order, args=(tmp_path, stop, seen))
    watcher.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(300)
    stop.set()
    watcher.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert seen == sorted(seen)
    assert complete_version(opened(tmp_path, url)) == 60


def put_until_step(root: Path, url: str | None, step: int) -> None:
    """Publish version 2, killed before its nth opening, renaming, locking or touching of a file."""
    steps = iter(range(step))

    def die_at_the_step(event: str, _: object) -> None:
        if (
            event in {"open", "os.rename", "os.utime", "os.mkdir", "fcntl.flock"}
            and next(steps, None) is None
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    store = opened(root, url)
    sys.addaudithook(die_at_the_step)
    publish(store, 2)
    os._exit(0)


@pytest.mark.parametrize("connected", [True, False])
def test_a_put_killed_at_any_step_leaves_the_old_or_the_new_page(
    tmp_path: Path, redis_url: str, connected: bool
) -> None:
    url = redis_url if connected else None
    outcomes = []
    for step in range(200):
        root = tmp_path / str(step)
        store = opened(root, url)
        if connected:
            emptied(redis_url).close()
        publish(store, 1)
        writer = forked.Process(target=put_until_step, args=(root, url, step))
        writer.start()
        writer.join(300)
        outcomes.append(complete_version(store))
        _publishing_goes_on(store, outcomes[-1])
        if writer.exitcode == 0:
            break
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {1, 2}
    assert len(outcomes) > 15


@pytest.mark.parametrize("attempt", range(6))
def test_writers_killed_at_any_time_leave_a_whole_page(tmp_path: Path, redis_url: str, attempt: int) -> None:
    writer = forked.Process(target=publish_all, args=(tmp_path / "a", redis_url, list(range(1, 3000))))
    writer.start()
    writer.join(random.uniform(0.02, 0.4))
    writer.kill()
    writer.join()
    store, other = opened(tmp_path / "a", redis_url), opened(tmp_path / "b", redis_url)
    publish(store, 0)
    store.sync()
    other.sync()
    assert complete_version(other) == complete_version(store)


def _publishing_goes_on(store: Store, version: int) -> None:
    assert publish(store, version + 1)
    assert complete_version(store) == version + 1
