"""The store's directory: the last known good state, complete on its own.

    pages/<page id>/<view>.json   a manifest, replaced by rename after all its bodies
    pages/<page id>/lock          held by whoever writes the page
    bodies/<2 hex>/<sha-256>      one body in all its encodings
    bodies/lock                   shared by writers, exclusive for the collector
    hosts.json, heartbeat

A body's modification time is when it was last written, reused or dropped by a manifest: the collector's
measure.
Whatever is damaged reads as missing.
"""

import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Lock

from store.documents import Hosts, Manifest, check_hash, check_name, is_newer
from store.errors import StoreError
from store.packing import Variants, unpack
from store.sealed import check

# Compressing and flushing both wait outside the interpreter: few threads hide most of it.
_WRITERS = 4
# Manifests that a process remembers.
_MANIFESTS = 16
_serial = count()

logger = logging.getLogger(__name__)


class _Known:
    """The manifests asked for last: whoever waits for a version asks again and again, whoever publishes the
    next one asks for what it has just written, and parsing thousands of entries takes milliseconds."""

    def __init__(self) -> None:
        self._found: dict[Path, tuple[int, Manifest | None]] = {}
        self._lock = Lock()

    def at(self, path: Path) -> Manifest | None:
        """The manifest in a file as it is now; None where there is none, or a damaged one."""
        stamp = Disk.stamp(path)
        if stamp is None:
            return None
        known = self._found.get(path)
        if known is None or known[0] != stamp:
            known = stamp, _manifest(_read(path) or b"")
            self._keep(path, known)
        return known[1]

    def note(self, path: Path, manifest: Manifest) -> None:
        """What has just been written to the file; while `writing`."""
        stamp = Disk.stamp(path)
        if stamp is not None:
            self._keep(path, (stamp, manifest))

    def _keep(self, path: Path, known: tuple[int, Manifest | None]) -> None:
        with self._lock:
            self._found.pop(path, None)
            self._found[path] = known
            while len(self._found) > _MANIFESTS:
                self._found.pop(next(iter(self._found)))


def _manifest(raw: bytes) -> Manifest | None:
    with suppress(StoreError):
        return Manifest.from_bytes(raw)
    return None


class Disk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._known = _Known()
        self._pages = root / "pages"
        self._bodies = root / "bodies"
        self.hosts_path = root / "hosts.json"
        self._heartbeat = root / "heartbeat"

    # Manifests

    def manifest_path(self, page_id: str, view: str) -> Path:
        return self._pages / check_name(page_id) / f"{check_name(view)}.json"

    def manifest(self, page_id: str, view: str) -> Manifest | None:
        found = self._known.at(self.manifest_path(page_id, view))
        return found if found and (found.page_id, found.view) == (page_id, view) else None

    def succeed(self, previous: Manifest | None, manifest: Manifest, raw: bytes) -> None:
        """Put `manifest` in place of `previous`, whose dropped bodies begin their grace; while `writing`."""
        if previous is not None:
            self.touch(previous.hashes() - manifest.hashes())
        path = self.manifest_path(manifest.page_id, manifest.view)
        replace(path, raw)
        self._known.note(path, manifest)

    def order(self, page_id: str, view: str) -> tuple[int, int] | None:
        """(version, release) of a whole manifest, its entries unread: cheap enough to ask of every page."""
        try:
            rest = check(_read(self.manifest_path(page_id, view)) or b"")
            head = json.loads(b"{" + rest.partition(b',"entries":')[0] + b"}")
            return head["version"], head["release"]
        except (StoreError, ValueError, KeyError):
            return None

    def views(self, page_id: str = "*") -> Iterator[tuple[str, str]]:
        """(page id, view) of every manifest, of one page or of all."""
        for path in self._pages.glob(f"{page_id}/*.json"):
            yield path.parent.name, path.stem

    @contextmanager
    def writing(self, page_id: str) -> Iterator[None]:
        """One writer of a page at a time, in whatever process, and none while the collector deletes."""
        with ExitStack() as locks:
            locks.enter_context(_locked(self._pages / check_name(page_id) / "lock", fcntl.LOCK_EX))
            locks.enter_context(_locked(self._bodies / "lock", fcntl.LOCK_SH))
            yield

    # Bodies

    def body_path(self, digest: str) -> Path:
        return self._bodies / check_hash(digest)[:2] / digest

    def blob(self, digest: str) -> bytes | None:
        """The container as it is stored, once it has proved whole."""
        raw = _read(self.body_path(digest))
        return raw if raw is not None and unpack(raw, digest) is not None else None

    def variants(self, digest: str) -> Variants | None:
        raw = _read(self.body_path(digest))
        return None if raw is None else unpack(raw, digest)

    def write_bodies(self, makers: Mapping[str, Callable[[], bytes]]) -> dict[str, bytes]:
        """Make, write and flush each body's container in a few threads, then each directory once; what was
        written."""
        if not makers:
            return {}
        folders = {self.body_path(digest).parent for digest in makers}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(min(_WRITERS, len(makers))) as writers:
            written = list(writers.map(self._write_body, makers, makers.values()))
            # Flushed at the same time, they share what the file system writes.
            list(writers.map(_flush_folder, folders))
        return dict(zip(makers, written, strict=True))

    def _write_body(self, digest: str, make: Callable[[], bytes]) -> bytes:
        blob = make()
        _write(self.body_path(digest), blob)
        return blob

    def has(self, digest: str) -> bool:
        """Whether a body is there and whole; then its time of grace begins anew."""
        return self.variants(digest) is not None and not self.touch([digest])

    def add_body(self, digest: str, container: bytes) -> None:
        """Write and flush one body, away from the collector."""
        path = self.body_path(digest)
        with self.adding_bodies():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, container)
            _flush_folder(path.parent)

    @contextmanager
    def adding_bodies(self) -> Iterator[None]:
        """Keep the collector away from what is found or added."""
        with _locked(self._bodies / "lock", fcntl.LOCK_SH):
            yield

    def touch(self, digests: Iterable[str]) -> set[str]:
        """Restart the bodies' time of grace; the result is those that are not there."""
        missing = set()
        for digest in digests:
            try:
                os.utime(self.body_path(digest))
            except FileNotFoundError:
                missing.add(digest)
        return missing

    def drop_bodies(self, named: set[str], before: float) -> int:
        """Delete bodies not in `named`, last touched before `before` (seconds since the epoch); how many."""
        dropped = 0
        for folder in sorted(self._bodies.glob("??")):
            with _locked(self._bodies / "lock", fcntl.LOCK_EX):
                for path in folder.iterdir():
                    if path.name not in named and path.stat().st_mtime < before:
                        path.unlink()
                        dropped += 1
        return dropped

    def drop_leftovers(self, before: float) -> None:
        """Delete what writers killed half-way left beside the manifests."""
        for path in self.root.rglob("*.tmp"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def forget_all(self) -> None:
        """Manifests first, so that none names a body that is gone."""
        for page_id, view in list(self.views()):
            self.manifest_path(page_id, view).unlink(missing_ok=True)
        self.hosts_path.unlink(missing_ok=True)
        self.drop_bodies(set(), float("inf"))

    # Hosts and heartbeat

    def hosts(self) -> Hosts | None:
        with suppress(StoreError):
            return Hosts.from_bytes(_read(self.hosts_path) or b"")
        return None

    def advance_hosts(self, hosts: Hosts) -> bool:
        """Replace the map unless it is as new or newer."""
        with _locked(self.root / "hosts.lock", fcntl.LOCK_EX):
            current = self.hosts()
            if current is not None and not is_newer(hosts.order, current.order):
                return False
            replace(self.hosts_path, hosts.to_bytes())
        return True

    @staticmethod
    def stamp(path: Path) -> int | None:
        """A number that changes whenever the file is replaced."""
        try:
            found = path.stat()
        except OSError:
            return None
        return hash((found.st_mtime_ns, found.st_ino))

    def beat(self) -> bytes | None:
        return _read(self._heartbeat)

    def write_beat(self, raw: bytes) -> None:
        replace(self._heartbeat, raw)


def replace(path: Path, raw: bytes) -> None:
    """Readers see the old file or the new one, and after a power cut too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, raw)
    _flush_folder(path.parent)


def _write(path: Path, raw: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{next(_serial)}.tmp")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(descriptor)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("The store cannot read %s: %s", path, error)
        return None


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, kind)
        yield
