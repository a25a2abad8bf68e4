"""Ten thousand pages on one edge: what it holds of them in memory, and what its map of hosts costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from unittest.mock import patch

from benchmarks.edge import edge_command, recorded_page
from benchmarks.figures import Table, share_below
from benchmarks.load import memory, processor, serving
from benchmarks.made import publish_all
from edge.app import MEMORY
from publishing.storage import store
from store import Entry, HostEntry, Manifest, Store
from store.disk import Disk
from store.documents import Document
from store.packing import pack
from tests.services import any_port

_MANY, _FEW = 10_000, 500
# What each page has of its own and is asked for; the rest of its manifest is only named.
_OWN = ("/", "/api/v2/status.json", "/api/v2/summary.json")
# The recorded page has far more history than most.
_ONE_OF = 5


@dataclass(frozen=True, slots=True)
class Pattern:
    """A real page to be copied: its manifest, and some documents in every encoding."""

    manifest: Manifest
    bodies: dict[str, dict[str, bytes]]


def measure(*options: str) -> None:
    count = _FEW if "--quick" in options else _MANY
    pattern = _pattern()
    base = Path(os.environ["STORE_DIR"]).parent / "many"
    # Flushing so much would take as long as the rest.
    with patch("os.fsync"):
        names = [_copy(Disk(base), pattern, number) for number in range(count)]
    table = Table(
        f"{count:,} pages of {len(pattern.manifest.entries)} documents each, on an edge of {MEMORY >> 20} MB"
    )
    port = any_port()
    with serving(edge_command(port), port, STORE_DIR=str(base), STORE_REDIS_URL="", REDIS_URL="") as pid:
        _know(table, base, port, pid, names)
        _walk(table, port, pid, names)


def _pattern() -> Pattern:
    whole = recorded_page(publish_all)
    cold = sorted(path for path, entry in whole.entries.items() if entry.cold)
    left_out = {path for number, path in enumerate(cold) if number % _ONE_OF}
    entries = {path: entry for path, entry in whole.entries.items() if path not in left_out}
    bodies = {path: store().variants(entries[path].hash) or {} for path in _OWN}
    return Pattern(replace(whole, entries=entries), bodies)


def _copy(disk: Disk, pattern: Pattern, number: int) -> str:
    """Another page with documents of its own; its id. What is compressed is only as long as if it were."""
    name, mark = f"page{number:08}", b"<!--%08d-->" % number
    entries = dict(pattern.manifest.entries)
    made: dict[str, Callable[[], bytes]] = {}
    for path, variants in pattern.bodies.items():
        own = {encoding: data + mark for encoding, data in variants.items()}
        document = Document(path, own["identity"], entries[path].type)
        entries[path] = Entry.of(document)
        made[document.hash] = partial(pack, own)
    disk.write_bodies(made)
    manifest = replace(pattern.manifest, page_id=name, entries=entries)
    disk.succeed(None, manifest, manifest.to_bytes())
    return name


def _know(table: Table, base: Path, port: int, pid: int, names: Sequence[str]) -> None:
    """Two hosts for each page, as automatic ones are."""
    before, used = memory(pid), processor(pid)
    hosts = {_host(name): HostEntry(name, _host(name), "slug", True) for name in names}
    hosts |= {f"{name}.id.localhost": HostEntry(name, _host(name), "id", True) for name in names}
    Store(base, None).put_hosts(1, hosts)
    began = time.perf_counter()
    visitor = Visitor(port)
    while visitor.get(names[0], "/")[0] != 200:
        time.sleep(0.02)
    table.time(f"a map of {len(hosts):,} hosts is known after", time.perf_counter() - began)
    table.count(
        "… processor that it took, a look each second included", f"{(processor(pid) - used) * 1e3:.0f} ms"
    )
    table.count("… memory", f"{(memory(pid) - before) / 2**20:.1f} MB")


def _walk(table: Table, port: int, pid: int, names: Sequence[str]) -> None:
    """Ask for every page once, then again; between them for one that everybody reads."""
    visitor = Visitor(port)
    marks = {len(names) // 4, len(names) // 2, len(names)}
    table.count("the process before any page", f"{memory(pid) / 2**20:.0f} MB")
    for turn in ("at first", "again"):
        cold, hot, used = [], [], processor(pid)
        for number, name in enumerate(names, start=1):
            cold += [visitor.get(name, path)[1] for path in _OWN]
            hot.append(visitor.get(names[0], "/")[1])
            if number in marks:
                table.count(f"{turn}: the process after {number:,} pages", f"{memory(pid) / 2**20:.0f} MB")
        used = (processor(pid) - used) / (len(cold) + len(hot))
        table.time(f"{turn}: a document, half of them within", median(cold))
        table.time(f"{turn}: a document, 99 % of them within", share_below(cold, 0.99))
        table.time(f"{turn}: the page that everybody reads, half within", median(hot))
        table.time(f"{turn}: the page that everybody reads, 99 % within", share_below(hot, 0.99))
        table.time(f"{turn}: the page that everybody reads, all within", max(hot))
        table.count(f"{turn}: processor for a request", f"{used * 1e6:.0f} µs")


class Visitor:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=10)

    def get(self, name: str, path: str) -> tuple[int, float]:
        """The status, and the seconds that it took."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Host": _host(name), "Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began


def _host(name: str) -> str:
    return f"{name}.localhost"
