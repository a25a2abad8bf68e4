"""Bodies packed and written while others are still being made: neither holds the interpreter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from store.disk import Disk
from store.documents import Document
from store.packing import packed

# Two that compress, as a rule, while one waits for the disk.
_WORKERS = 3


class Ahead:
    """For one `put`: a block in which documents are made, and then put.

    What is not put after all lies on the disk, named by nothing, until the collector comes.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._pool = ThreadPoolExecutor(_WORKERS)
        self._written: dict[str, Future[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def passing(self, documents: Iterable[Document], known: Collection[str]) -> Iterator[Document]:
        """The same documents, as they come, their bodies being written, save those with `known` hashes."""
        for document in documents:
            if document.hash not in known and document.hash not in self._written:
                self._written[document.hash] = self._pool.submit(self._write, document)
            yield document

    def _write(self, document: Document) -> bytes:
        container = packed(document.body)
        self._disk.add_body(document.hash, container)
        return container

    def written(self, digests: Collection[str]) -> dict[str, bytes]:
        """The containers of those of these bodies that were begun, once all of them are on the disk."""
        return {digest: made.result() for digest, made in self._written.items() if digest in digests}
