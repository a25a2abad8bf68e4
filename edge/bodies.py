"""Bodies ready to be sent, in each encoding with its own validator."""

import gzip
from dataclasses import dataclass

from edge.answers import Headers
from edge.negotiation import IDENTITY, choose
from store import Store

_SUFFIXES = {IDENTITY: "", "gzip": "-gz", "br": "-br", "zstd": "-zst"}
# What the objects around the bytes take, roughly.
_OVERHEAD = 2_000


@dataclass(slots=True)
class Variant:
    data: bytes
    etag: bytes
    headers: Headers


class Body:
    """The plain bytes are not kept where they are compressed: they are the most, and asked for the least."""

    __slots__ = ("_tag", "_variants", "kept", "size")

    def __init__(self, digest: str, variants: dict[str, bytes], mark: str = "") -> None:
        """`mark` tells a body from the one that `digest` names, and is part of its validators."""
        self._tag = digest[:32] + mark
        held = {name: data for name, data in variants.items() if name != IDENTITY or "gzip" not in variants}
        self._variants = {name: _variant(self._tag, name, data) for name, data in held.items()}
        self.kept = tuple(sorted(variants, key=lambda name: len(variants[name])))
        self.size = sum(map(len, held.values())) + _OVERHEAD

    def chosen(self, accept_encoding: bytes) -> Variant:
        name = choose(accept_encoding, self.kept)
        held = self._variants.get(name)
        return held or _variant(self._tag, IDENTITY, gzip.decompress(self._variants["gzip"].data))


def _variant(tag: str, encoding: str, data: bytes) -> Variant:
    etag = f'"{tag}{_SUFFIXES[encoding]}"'.encode()
    headers = [(b"content-length", str(len(data)).encode())]
    if encoding != IDENTITY:
        headers.append((b"content-encoding", encoding.encode()))
    return Variant(data, etag, headers)


def load(store: Store, digest: str) -> Body | None:
    variants = store.variants(digest)
    return None if variants is None else Body(digest, variants)
