"""Packing bodies while others are still being made: compressing does not hold the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from store.documents import Document
from store.packing import packed

_WORKERS = 2


class Ahead:
    """For one `put`: a block in which documents are made, and then put."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS)
        self._packed: dict[str, Future[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def passing(self, documents: Iterable[Document], known: Collection[str]) -> Iterator[Document]:
        """The same documents, as they come, their bodies being packed, save those with `known` hashes."""
        for document in documents:
            if document.hash not in known and document.hash not in self._packed:
                self._packed[document.hash] = self._pool.submit(packed, document.body)
            yield document

    def maker(self, digest: str) -> Callable[[], bytes] | None:
        """What gives the container of a body that is being packed, once it is."""
        found = self._packed.get(digest)
        return None if found is None else found.result
