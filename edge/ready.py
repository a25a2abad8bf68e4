"""Whole answers as they go over the wire, for as long as what they were made of stands."""

from dataclasses import dataclass
from typing import Self
from weakref import ReferenceType, ref

from edge.answers import Headers
from edge.bodies import Variant
from edge.memory import Memory
from edge.negotiation import matches
from edge.overlay import Overlay
from edge.overlays import Overlays
from edge.pages import Pages
from edge.request import Key
from store import Hosts, Manifest

# Under which name of the application's state a server finds the shelf.
SHELF = "edge.shelf"

_OVERHEAD = 1_000


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer was made of."""

    hosts: Hosts
    page_id: str
    manifest: Manifest
    overlay: Overlay | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A document in one encoding. The heads of its 200 and its 304 lack their end, which servers write.

    It keeps none of what it was made of: a manifest is far larger than an answer.
    """

    page_id: str
    hosts: ReferenceType[Hosts]
    manifest: ReferenceType[Manifest]
    overlay: Overlay | None
    etag: bytes
    head: bytes
    unchanged: bytes
    body: bytes

    @classmethod
    def of(cls, basis: Basis, variant: Variant, common: Headers, own: Headers) -> Self:
        """`common` are the headers of its 200 and its 304, `own` those of the 200 alone."""
        shared = _lines(common)
        return cls(
            basis.page_id,
            ref(basis.hosts),
            ref(basis.manifest),
            basis.overlay,
            variant.etag,
            b"HTTP/1.1 200 OK\r\n" + shared + _lines(own),
            b"HTTP/1.1 304 Not Modified\r\n" + shared,
            variant.data,
        )

    def is_had(self, if_none_match: bytes) -> bool:
        return if_none_match == self.etag or (if_none_match != b"" and matches(if_none_match, self.etag))


class Shelf:
    """The least recently used answers go first once `budget` bytes are spent."""

    def __init__(self, pages: Pages, overlays: Overlays, budget: int) -> None:
        self._pages = pages
        self._overlays = overlays
        self._kept: Memory[Ready] = Memory(budget)

    def find(self, key: Key) -> Ready | None:
        """None where there is none, and where the store would be looked at before answering."""
        ready = self._kept.get(key)
        return ready if ready is not None and self._stands(ready) else None

    def _stands(self, ready: Ready) -> bool:
        hosts, manifest = ready.hosts(), ready.manifest()
        return (
            hosts is not None
            and manifest is not None
            and ready.overlay is self._overlays.of(ready.page_id)
            and self._pages.stand(hosts, ready.page_id, manifest)
        )

    def keep(self, key: Key, ready: Ready) -> None:
        """A key is as long as whoever asks likes it to be."""
        parts = (*key, ready.head, ready.unchanged, ready.body)
        self._kept.put(key, ready, sum(map(len, parts)) + _OVERHEAD)


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
