"""One body in every encoding that is worth keeping, as one container: compressed once, read at once.

Layout: SHA-256 of all that follows (32 bytes), number of encodings (1 byte), per encoding its code and size
(1 + 4 bytes, big-endian), then the encodings themselves in that order.
"""

import gzip
import hashlib
import struct

import brotli
import zstandard

IDENTITY = "identity"
_CODES = {0: IDENTITY, 1: "gzip", 2: "br", 3: "zstd"}
_NUMBERS = {name: code for code, name in _CODES.items()}

Variants = dict[str, bytes]


def compress(body: bytes) -> Variants:
    """The plain body and those encodings of it that are smaller, by their names in Accept-Encoding."""
    encoded = {
        "gzip": gzip.compress(body, 5, mtime=0),
        "br": brotli.compress(body, quality=5),
        "zstd": zstandard.ZstdCompressor(level=6).compress(body),
    }
    return {IDENTITY: body} | {name: data for name, data in encoded.items() if len(data) < len(body)}


def pack(variants: Variants) -> bytes:
    index = b"".join(struct.pack(">BI", _NUMBERS[name], len(data)) for name, data in variants.items())
    rest = b"".join([bytes([len(variants)]), index, *variants.values()])
    return hashlib.sha256(rest).digest() + rest


def packed(body: bytes) -> bytes:
    return pack(compress(body))


def unpack(blob: bytes, digest: str) -> Variants | None:
    """The variants, or None where the container is damaged or holds another body than `digest` names."""
    rest = memoryview(blob)[32:]
    if len(rest) == 0 or hashlib.sha256(rest).digest() != blob[:32]:
        return None
    variants = _slices(rest)
    plain = variants.get(IDENTITY)
    if plain is None or hashlib.sha256(plain).hexdigest() != digest:
        return None
    return variants


def _slices(rest: memoryview) -> Variants:
    variants: Variants = {}
    start = 1 + 5 * rest[0]
    for code, size in struct.iter_unpack(">BI", rest[1:start]):
        variants[_CODES[code]] = bytes(rest[start : start + size])
        start += size
    return variants
