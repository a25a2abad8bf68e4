"""What is published: documents, and the manifest that names them."""

import hashlib
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Self

from store.errors import StoreError
from store.sealed import seal, unseal

PUBLIC = "public"

_NAME = re.compile(r"[0-9a-z]{1,64}")
_PATH = re.compile(r"/[^\x00-\x20\x7f]{0,1023}")
_TYPE = re.compile(r"[!-~]+/[ -~]+")
_HASH = re.compile(r"[0-9a-f]{64}")


def require(holds: bool, message: str) -> None:
    if not holds:
        raise StoreError(message)


def check_name(name: str) -> str:
    """A page id or a view: 1 to 64 of [0-9a-z], so that it is safe as a file name."""
    require(isinstance(name, str) and _NAME.fullmatch(name) is not None, f"Not a page id or view: {name!r}")
    return name


def check_hash(digest: str) -> str:
    require(isinstance(digest, str) and _HASH.fullmatch(digest) is not None, f"Not a SHA-256: {digest!r}")
    return digest


@lru_cache(maxsize=64)
def _is_type(kind: str) -> bool:
    return _TYPE.fullmatch(kind) is not None


# Most paths of a version are those of the one before.
@lru_cache(maxsize=16_384)
def _is_path(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def is_newer(order: tuple[int, int], than: tuple[int, int] | None) -> bool:
    """Orders are (version, release); anything is newer than nothing."""
    return than is None or order > than


@dataclass(frozen=True)
class Document:
    """One answer of a page: the plain body at a path. `cold` ones are not rendered at every version."""

    path: str
    body: bytes
    content_type: str
    status: int = 200
    cold: bool = False

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a manifest says of one path. `size` is that of the plain body, in bytes."""

    hash: str
    type: str
    status: int
    size: int
    cold: bool

    def __post_init__(self) -> None:
        check_hash(self.hash)
        require(isinstance(self.type, str) and _is_type(self.type), f"Not a type: {self.type!r}")
        require(is_count(self.status) and 200 <= self.status <= 599, f"Not a status: {self.status!r}")
        require(is_count(self.size), f"Not a size: {self.size!r}")
        require(isinstance(self.cold, bool), f"Neither cold nor hot: {self.cold!r}")

    @classmethod
    def of(cls, document: Document) -> Self:
        return cls(document.hash, document.content_type, document.status, len(document.body), document.cold)


@dataclass(frozen=True)
class Manifest:
    """All paths of one view of a page at one version.

    `version` is the page's; `release` counts the renderings of one version (a slice of cold documents, say).
    Manifests are ordered by (version, release). `published_at` is ISO 8601 with its offset. `awaited` names
    what is still to be made: a path that is not there may come.
    """

    page_id: str
    view: str
    version: int
    release: int
    published_at: str
    entries: dict[str, Entry]
    awaited: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.page_id)
        check_name(self.view)
        require(all(isinstance(name, str) for name in self.awaited), "What is awaited has names.")
        require(
            is_count(self.version) and is_count(self.release), "Version and release are whole numbers from 0."
        )
        _check_moment(self.published_at)
        for path in self.entries:
            require(isinstance(path, str) and _is_path(path), f"Not a path: {path!r}")

    @property
    def order(self) -> tuple[int, int]:
        return self.version, self.release

    @property
    def removed(self) -> bool:
        """A removed page keeps its order and names nothing, so that no copy brings it back."""
        return not self.entries

    @cached_property
    def _hashes(self) -> frozenset[str]:
        return frozenset(entry.hash for entry in self.entries.values())

    def hashes(self) -> set[str]:
        return set(self._hashes)

    def to_bytes(self) -> bytes:
        """Sealed JSON; entries are `path: [hash, type, status, size, cold]`, sorted by path."""
        head = {
            "page": self.page_id,
            "view": self.view,
            "version": self.version,
            "release": self.release,
            "published_at": self.published_at,
        }
        rows = {path: [e.hash, e.type, e.status, e.size, e.cold] for path, e in sorted(self.entries.items())}
        awaited = {"awaited": list(self.awaited)} if self.awaited else {}
        return seal(head | awaited | {"entries": rows})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises StoreError for whatever `to_bytes` did not write."""
        members = unseal(raw)
        try:
            rows = members.pop("entries").items()
            # There are few types, and thousands of entries.
            entries = {path: Entry(digest, sys.intern(kind), *rest) for path, (digest, kind, *rest) in rows}
            awaited = tuple(members.pop("awaited", ()))
            return cls(page_id=members.pop("page"), entries=entries, awaited=awaited, **members)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"Not a manifest: {error}"
            raise StoreError(message) from error


@dataclass(frozen=True, slots=True)
class HostEntry:
    """What a host serves. `kind`: slug, id, custom or alias; `primary` is the page's canonical host."""

    page_id: str
    primary: str
    kind: str
    published: bool

    def __post_init__(self) -> None:
        check_name(self.page_id)
        require(isinstance(self.primary, str) and bool(self.primary), f"Not a host: {self.primary!r}")
        require(isinstance(self.kind, str) and bool(self.kind), f"Not a kind of host: {self.kind!r}")
        require(isinstance(self.published, bool), f"Neither published nor not: {self.published!r}")


@dataclass(frozen=True)
class Hosts:
    """Every page host, lower-case and without port, at one version of the map."""

    version: int
    entries: dict[str, HostEntry]

    def __post_init__(self) -> None:
        require(is_count(self.version), "The version is a whole number from 0.")
        for host in self.entries:
            require(isinstance(host, str) and host == host.lower() and host != "", f"Not a host: {host!r}")

    @property
    def order(self) -> tuple[int, int]:
        return self.version, 0

    def to_bytes(self) -> bytes:
        rows = {host: [e.page_id, e.primary, e.kind, e.published] for host, e in sorted(self.entries.items())}
        return seal({"version": self.version, "hosts": rows})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        members = unseal(raw)
        try:
            return cls(members["version"], {host: HostEntry(*row) for host, row in members["hosts"].items()})
        except (AttributeError, KeyError, TypeError) as error:
            message = f"Not a map of hosts: {error}"
            raise StoreError(message) from error


def _check_moment(moment: Any) -> None:
    try:
        require(datetime.fromisoformat(moment).tzinfo is not None, f"A time without its offset: {moment!r}")
    except (TypeError, ValueError) as error:
        message = f"Not a time: {moment!r}"
        raise StoreError(message) from error
