"""Bringing a place up to a version of a page: what differs is sent, what says so comes last."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from copies.held import Held, Kept
from copies.names import CONFIRMED, MANIFEST
from copies.target import File, Target, TargetError
from store import Manifest, StoreError

# Files that are on their way at once, and those after which a writer that is stopped need not begin anew.
_AT_ONCE = 4
_BATCH = 100
_JSON = "application/json; charset=utf-8"
# As the edge sends them.
_FRESH = "public, max-age=10, s-maxage=30, stale-while-revalidate=86400, stale-if-error=604800"
_FOREVER = "public, max-age=31536000, immutable"
_ASSETS = "/assets/"
_NOW = "no-cache"

Body = Callable[[str], bytes | None]
"""The bytes with this SHA-256."""


class OutOfTime(Exception):
    """There is more to do. What was done stays done."""


class Overtaken(Exception):
    """Somebody else has written there since this one's time was over. A file of it may lie over theirs."""


class Newer(TargetError):
    """The place has a newer version than what was to be copied."""


@dataclass(slots=True)
class Copying:
    """One bringing up of `target` to `manifest`. It ends at `until`, of the monotonic clock, if need be: then
    somebody else may be at the same place, and nothing more is written."""

    target: Target
    manifest: Manifest
    body: Body
    until: float
    told: Callable[[int, int], object] = lambda _done, _all: None
    _noted: bytes = b""

    def doubt(self) -> None:
        """Have the next run send every file, whatever the copy says of itself: somebody else wrote there."""
        with self.target.writing():
            held = self._held()
            self._note(held.doubting(list(held.files)))

    def run(self, confirmed_at: datetime | None) -> int:
        """The number of files sent. `confirmed_at`: when the manifest was known to be the page's newest; None
        where it is not.

        Raises Newer, TargetError, OutOfTime, Overtaken, and StoreError where a body is lost.
        """
        with self.target.writing():
            try:
                return self._run(confirmed_at)
            except (OutOfTime, TargetError) as error:
                if self._is_late() and (self.target.read(MANIFEST) or b"") != self._noted:
                    raise Overtaken from error
                raise

    def _run(self, confirmed_at: datetime | None) -> int:
        held = self._held()
        wanted = self._wanted()
        changed = [name for name in wanted if held.files.get(name) != wanted[name][1]]
        held = self._send(held, wanted, changed)
        self._finish(held, {name: kept for name, (_, kept) in wanted.items()})
        if confirmed_at is not None:
            self._confirm(confirmed_at)
        return len(changed)

    def _held(self) -> Held:
        """What is there. A place that holds anything of others' is left alone."""
        raw = self.target.read(MANIFEST)
        self._noted = raw or b""
        return self._claim() if raw is None else self._checked(raw)

    def _claim(self) -> Held:
        if not self.target.is_empty():
            message = "There are files of something else already: a copy needs a place of its own."
            raise TargetError(message)
        claim = Held(self.manifest.page_id)
        self._note(claim)
        return claim

    def _checked(self, raw: bytes) -> Held:
        try:
            held = Held.from_bytes(raw)
        except StoreError as error:
            message = f"The file {MANIFEST} there is not one of ours."
            raise TargetError(message) from error
        if held.page_id != self.manifest.page_id:
            message = "This is the place of another page's copy."
            raise TargetError(message)
        if held.order > self.manifest.order:
            message = f"The copy is newer, version {held.order[0]}; the page has {self.manifest.version}."
            raise Newer(message)
        return held

    def _wanted(self) -> dict[str, tuple[str, Kept]]:
        """name -> (path, file): what a page loads before itself, and the status page last."""
        entries = sorted(self.manifest.entries.items(), key=lambda one: (_turn(one[0], one[1].cold), one[0]))
        return {
            self.target.name(path, entry.type): (path, Kept(entry.hash, entry.type))
            for path, entry in entries
        }

    def _send(self, held: Held, wanted: dict[str, tuple[str, Kept]], changed: list[str]) -> Held:
        for done, names in _batches(changed):
            self.told(done, len(changed))
            held = held.doubting(names)
            self._note(held)
            self._each(lambda name: self._write(name, *wanted[name]), names)
            held = held.certain({name: wanted[name][1] for name in names})
        return held

    def _finish(self, held: Held, files: dict[str, Kept]) -> None:
        new = held.at(self.manifest.order, files)
        if new.to_bytes() == self._noted and not new.unsure:
            return
        self._note(new)
        if new.unsure:
            self._each(self._remove, sorted(new.unsure))
            self._note(new.tidy())

    def _confirm(self, at: datetime) -> None:
        """What the page's script reads, where nobody tells it of changes. A page taken away says nothing."""
        if self.manifest.removed:
            self._remove(CONFIRMED)
            return
        self._put(confirmation(self.manifest, at))

    def _note(self, held: Held) -> None:
        raw = held.to_bytes()
        self._put(File(MANIFEST, raw, _JSON, _NOW))
        self._noted = raw

    def _write(self, name: str, path: str, kept: Kept) -> None:
        body = self.body(kept.hash)
        if body is None:
            message = f"The store has lost the body of {path}."
            raise StoreError(message)
        self._put(File(name, body, kept.type, _FOREVER if path.startswith(_ASSETS) else _FRESH))

    def _put(self, file: File) -> None:
        self._mind_the_time()
        self.target.write(file)

    def _remove(self, name: str) -> None:
        self._mind_the_time()
        self.target.remove(name)

    def _mind_the_time(self) -> None:
        if self._is_late():
            raise OutOfTime

    def _is_late(self) -> bool:
        return time.monotonic() > self.until

    def _each(self, work: Callable[[str], None], names: Iterable[str]) -> None:
        """A few at once. What has not begun when one fails does not begin."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            try:
                for running in [threads.submit(work, name) for name in names]:
                    running.result()
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise


def confirmation(manifest: Manifest, at: datetime) -> File:
    """Says that this was the page's newest version then."""
    told = {
        "page_id": manifest.page_id,
        "version": manifest.version,
        "at": at.isoformat(timespec="seconds"),
    }
    return File(CONFIRMED, json.dumps(told).encode(), _JSON, _NOW)


def _turn(path: str, cold: bool) -> int:
    if path.startswith(_ASSETS):
        return 0
    return 3 if path == "/" else 1 if cold else 2


def _batches(names: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Each with the number of names before it."""
    for start in range(0, len(names), _BATCH):
        yield start, names[start : start + _BATCH]
