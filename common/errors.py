"""Errors that are told to the person who asked."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A verb will not do what was asked. The text is for the user; nothing was changed.

    `field` names the input that it is about, where it is about one.
    """

    def __init__(self, message: Any, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @property
    def message(self) -> str:
        return str(self.args[0])
