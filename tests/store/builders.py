"""Small pages to publish. Every body says its page, path and version, so that a mixture would show."""

from __future__ import annotations

from pathlib import Path

import redis

from store import Document, Entry, Manifest, Store, connect

ACME, GLOBEX = "acmeacmeacme", "globexglobex"
PUBLISHED_AT = "2026-11-20T05:00:00+00:00"
HTML = "text/html; charset=utf-8"
HOT = ("/", "/history", "/api/v2/status.json")


def text(page_id: str, path: str, version: int) -> bytes:
    return f"<p>{page_id} {path} at {version}</p>\n".encode() * 40


def documents(version: int, page_id: str = ACME, paths: tuple[str, ...] = HOT) -> list[Document]:
    return [Document(path, text(page_id, path, version), HTML) for path in paths]


def manifest(
    version: int,
    new: list[Document],
    *,
    before: Manifest | None = None,
    page_id: str = ACME,
    release: int = 0,
) -> Manifest:
    entries = dict(before.entries) if before is not None else {}
    entries |= {document.path: Entry.of(document) for document in new}
    return Manifest(page_id, "public", version, release, PUBLISHED_AT, entries)


def publish(store: Store, version: int, page_id: str = ACME, release: int = 0) -> bool:
    new = documents(version, page_id)
    return store.put(manifest(version, new, page_id=page_id, release=release), new)


def opened(root: Path, url: str | None) -> Store:
    return Store(root, None if url is None else connect(url))


def stored_text(store: Store, page_id: str = ACME, path: str = "/") -> bytes | None:
    found = store.manifest(page_id)
    return None if found is None else store.body(found.entries[path].hash)


def complete_version(store: Store, page_id: str = ACME) -> int:
    """The stored version, once every body has proved to be of it."""
    found = store.manifest(page_id)
    assert found is not None
    for path in HOT:
        assert store.body(found.entries[path].hash) == text(page_id, path, found.version)
    return found.version


def body_files(root: Path) -> list[Path]:
    return sorted(path for path in (root / "bodies").glob("??/*") if path.suffix != ".tmp")


def emptied(url: str) -> redis.Redis:
    client = connect(url)
    client.flushall()
    return client
