"""ZIP files that are made while they are fetched: memory does not grow with them, and none is left lying."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any


class _Pieces(io.RawIOBase):
    """What the archive has written since it was last asked: it cannot be gone back in."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A ZIP file in pieces, of files given as their names and their own pieces."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files:
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in body:
                    file.write(piece)
                    yield pieces.take()
    yield pieces.take()
