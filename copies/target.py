"""What every kind of place is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class TargetError(Exception):
    """The place did not do what it was asked for. The text is for whoever named it."""


@dataclass(frozen=True, slots=True)
class File:
    """What is written under a name. `cache` is a Cache-Control, for servers that keep one with each file."""

    name: str
    body: bytes
    content_type: str
    cache: str


class Target(Protocol):
    """A place, open for one copying. Every method may raise TargetError; those that are given a name may be
    called by several threads at once."""

    def name(self, path: str, content_type: str) -> str:
        """What the document at `path` is called there."""

    def writing(self) -> AbstractContextManager[None]:
        """Held while the copy is changed."""

    def is_empty(self) -> bool: ...

    def read(self, name: str) -> bytes | None:
        """None where there is nothing of that name."""

    def write(self, file: File) -> None:
        """Readers see the old one or the new one, never a part."""

    def remove(self, name: str) -> None:
        """Fine also where there is nothing of that name."""
