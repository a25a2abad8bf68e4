"""Errors that are told to the person who asked."""

from __future__ import annotations

from typing import Any

from common.limits import UNPRINTABLE


class Refused(Exception):
    """A verb will not do what was asked. The text is for the user; nothing was changed.

    `field` names the input that it is about, where it is about one.
    """

    def __init__(self, message: Any, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @property
    def message(self) -> str:
        """What was asked may be quoted in it, so it is made fit to be shown."""
        return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(self.args[0]))


class Overtaken(Refused):
    """Somebody else changed the same thing since its writer looked at it."""


class Busy(Refused):
    """The page is being changed, for longer than anybody should wait; the same call may work in a moment."""


class Taken(Refused):
    """Somebody or something else has it already, and only one may."""
