"""How long a request waits for one answer of the database: a server that hangs takes what it is asked, and
never answers. Workers, who keep nobody waiting, have all the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg import capabilities
from psycopg.abc import PQGen

_seconds: ContextVar[float | None] = ContextVar("patience", default=None)
# As psycopg's own: how often it looks whether it was interrupted.
_LOOKS = 0.1
# One that hangs does not hear of it.
_CANCELS_IN = 0.25


class Unanswered(psycopg.OperationalError):
    """The database has not answered. What it was asked it may still do, or may have done."""


def is_unsure(error: Exception) -> bool:
    """Whether what the database was asked when this was raised may still be done, or have been done."""
    return isinstance(error.__cause__, Unanswered)


class PatientConnection(psycopg.Connection[Any]):
    """Waits no longer than `patience` says, and is of no use any more after that."""

    def commit(self) -> None:
        """Raises Unanswered where the connection is lost meanwhile: the server may have done it before."""
        try:
            super().commit()
        except psycopg.OperationalError as error:
            if isinstance(error, Unanswered) or not self.closed:
                raise
            message = "The connection was lost before the database said what became of a transaction."
            raise Unanswered(message) from error

    def wait(self, gen: PQGen[Any], interval: float = _LOOKS, timeout: float | None = None) -> Any:
        seconds = _seconds.get() if timeout is None else None
        if seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, seconds)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001 it says to convert it
            self._let_go()
            message = f"The database has not answered within {seconds:g} s."
            raise Unanswered(message) from error

    def _let_go(self) -> None:
        """A server that is only slow would go on for nobody, and whoever asks again would make it slower."""
        if capabilities.has_cancel_safe():
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=_CANCELS_IN)
        self.close()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """In the block, and in threads that it waits for, nobody waits longer for one answer."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)
