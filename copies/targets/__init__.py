"""Kinds of places that pages are copied to, one module each, all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from copies.models import CopyTarget, Kind
from copies.target import Target
from copies.targets import bucket, directory


class KindModule(Protocol):
    @property
    def FIELDS(self) -> Sequence[str]:  # noqa: N802 a constant of the module
        """The columns of CopyTarget that say where it is."""

    def check(self, row: CopyTarget) -> None:
        """Bring its fields into their stored form. Raises Refused, naming one, where that cannot be. Asks
        nobody."""

    def open_target(self, row: CopyTarget) -> Target:
        """The place, ready to be written. Raises TargetError where the row is not enough to do so."""


KINDS: Mapping[str, KindModule] = {Kind.DIRECTORY: directory, Kind.BUCKET: bucket}
