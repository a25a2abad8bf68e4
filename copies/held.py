"""What a copy says of itself, in a file of its own: which files of which version are there.

It is written before files are touched, to name those that may be half-way, and once more at the end. Whoever
finds it knows what to do, wherever the last writer was stopped, and needs to know nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from store import StoreError
from store.sealed import seal, unseal

Order = tuple[int, int]
"""(version, release), as of manifests of the store."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file: SHA-256 of its body, and its type."""

    hash: str
    type: str


@dataclass(frozen=True, slots=True)
class Held:
    """`order`: of the last version that was copied as a whole. `files`: what is there for certain. `unsure`:
    names whose files may be anything, or missing."""

    page_id: str
    order: Order = (0, 0)
    files: Mapping[str, Kept] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()

    def doubting(self, names: Collection[str]) -> Held:
        """These are about to be written."""
        rest = {name: kept for name, kept in self.files.items() if name not in names}
        return replace(self, files=rest, unsure=self.unsure.union(names))

    def certain(self, files: Mapping[str, Kept]) -> Held:
        """These have been written."""
        return replace(self, files={**self.files, **files}, unsure=self.unsure.difference(files))

    def at(self, order: Order, files: Mapping[str, Kept]) -> Held:
        """That version, whole. What it does not name is about to be removed."""
        gone = (self.files.keys() | self.unsure) - files.keys()
        return Held(self.page_id, order, files, frozenset(gone))

    def tidy(self) -> Held:
        """What was in doubt has been removed."""
        return replace(self, unsure=frozenset())

    def to_bytes(self) -> bytes:
        """Sealed JSON."""
        version, release = self.order
        files = {name: [kept.hash, kept.type] for name, kept in sorted(self.files.items())}
        head = {"page": self.page_id, "version": version, "release": release}
        return seal(head | {"files": files, "unsure": sorted(self.unsure)})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises StoreError for what cannot have been written by `to_bytes`: others can write there, too."""
        try:
            members = unseal(raw)
            files = {str(name): Kept(*row) for name, row in members["files"].items()}
            order = int(members["version"]), int(members["release"])
            held = cls(str(members["page"]), order, files, frozenset(map(str, members["unsure"])))
            held.to_bytes()
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            message = f"Not what a copy says of itself: {error}"
            raise StoreError(message) from error
        return held
