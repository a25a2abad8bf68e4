"""A host or provider that fails again and again is left alone for a while, by every worker.

Closed: everything goes. After so many failures in a row it opens: nothing goes. When its time has come one
letter goes, the probe: if that fails it is open for twice as long, and any answer closes it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.cache import BaseCache

from notifications.shared import shared

FAILURES = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=5)
# A probe whose process died is missed for this long.
_PROBE = timedelta(seconds=30)
# Failures are in a row where the next comes within this; for how long it is known that one was left alone.
_ROW, _MEMORY = timedelta(minutes=2), timedelta(hours=1)


class Open(NamedTuple):
    """Left alone until then, for so long."""

    until: datetime
    pause: timedelta


def look(names: Collection[str]) -> dict[str, Open]:
    """Those that are open. One whose time has come may be tried by whoever `may_probe` it."""
    keys = {_open(name): name for name in names}
    found: dict[str, Open] = shared(lambda memory: memory.get_many(keys)) if keys else {}
    return {keys[key]: Open(*known) for key, known in found.items()}


def may_probe(name: str) -> bool:
    """Whether the caller is the one who tries it now."""
    return shared(lambda memory: bool(memory.add(_probe(name), 1, _PROBE.total_seconds())))


def close(names: Collection[str]) -> None:
    """They answer: whatever was held against them is forgotten."""
    keys = [key(name) for name in names for key in (_failures, _open, _probe)]
    if keys:
        shared(lambda memory: memory.delete_many(keys))


def note_failure(name: str, now: datetime) -> bool:
    """It seems to be down; whether it is left alone from now on, where that is new."""

    def note(memory: BaseCache) -> bool:
        known = memory.get(_open(name))
        if known is not None and known[0] > now:
            return False
        failures = memory.get(_failures(name), 0) + 1
        memory.set(_failures(name), failures, _ROW.total_seconds())
        if known is None and failures < FAILURES:
            return False
        pause = min(2 * known[1], LONGEST_PAUSE) if known else FIRST_PAUSE
        memory.set(_open(name), (now + pause, pause), _MEMORY.total_seconds())
        memory.delete(_probe(name))
        return True

    return shared(note)


def _failures(name: str) -> str:
    return f"circuit:failures:{name}"


def _open(name: str) -> str:
    return f"circuit:open:{name}"


def _probe(name: str) -> str:
    return f"circuit:probe:{name}"
