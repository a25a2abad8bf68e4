"""Bodies looked at, packed and written while others are still being made, outside of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from types import TracebackType
from typing import Self

from store.disk import Disk
from store.documents import Document
from store.packing import packed

# As many as there is a processor for beside the one that makes the next document.
_PACKERS = 2
# They wait for the disk, which makes many writes last at once as fast as one.
_WRITERS = 8


@cache
def _pool(name: str, size: int) -> ThreadPoolExecutor:
    """One for all of a process: to start a thread beside others that compute takes milliseconds."""
    return ThreadPoolExecutor(size, thread_name_prefix=name)


# A process that is forked has none of the threads.
os.register_at_fork(after_in_child=_pool.cache_clear)


class Ahead:
    """For one `put`: a block in which documents are made, and then put.

    What is not put after all lies on the disk, named by nothing, until the collector comes.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._begun: dict[str, Future[Future[bytes] | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for begun in self._begun.values():
            begun.cancel()

    def passing(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The same documents, as they come, their bodies being written where the disk lacks them."""
        for document in documents:
            if document.hash not in self._begun:
                self._begun[document.hash] = _pool("pack", _PACKERS).submit(self._keep, document)
            yield document

    def _keep(self, document: Document) -> Future[bytes] | None:
        if self._disk.has(document.hash):
            return None
        return _pool("write", _WRITERS).submit(self._write, document.hash, packed(document.body))

    def _write(self, digest: str, container: bytes) -> bytes:
        self._disk.add_body(digest, container)
        return container

    def kept(self, digests: Collection[str]) -> dict[str, bytes | None]:
        """Those of these bodies that were passed, once all are on the disk, with the containers of those that
        were not there before."""
        begun = {digest: made.result() for digest, made in self._begun.items() if digest in digests}
        return {digest: made.result() if made else None for digest, made in begun.items()}
