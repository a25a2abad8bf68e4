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

# Failures in a row; while it is open, until when, and for how long.
_State = tuple[int, datetime | None, timedelta]
_CLOSED: _State = (0, None, timedelta())
# Those that this process has seen fail, or heard of: of all others there is nothing to forget.
_failing: set[str] = set()


class Open(NamedTuple):
    """Left alone until then, for so long."""

    until: datetime
    pause: timedelta


def look(names: Collection[str]) -> dict[str, Open]:
    """Those that are open. One whose time has come may be tried by whoever `may_probe` it."""
    keys = {_state(name): name for name in names}
    found: dict[str, _State] = shared(lambda memory: memory.get_many(keys)) if keys else {}
    _failing.update(keys[key] for key in found)
    return {keys[key]: Open(until, pause) for key, (_failures, until, pause) in found.items() if until}


def may_probe(name: str) -> bool:
    """Whether the caller is the one who tries it now."""
    return shared(lambda memory: bool(memory.add(_probe(name), 1, _PROBE.total_seconds())))


def close(names: Collection[str]) -> None:
    """They answer: whatever was held against them is forgotten. Costs nothing where nothing was."""
    mine = _failing.intersection(names)
    if mine:
        keys = [key(name) for name in mine for key in (_state, _probe)]
        shared(lambda memory: memory.delete_many(keys))
        _failing.difference_update(mine)


def note_failure(name: str, now: datetime) -> bool:
    """It seems to be down; whether it is left alone from now on, where that is new."""

    def note(memory: BaseCache) -> bool:
        known: _State = memory.get(_state(name)) or _CLOSED
        failures, until, pause = known
        if until and until > now:
            return False
        if not until and failures + 1 < FAILURES:
            memory.set(_state(name), (failures + 1, None, pause), _ROW.total_seconds())
            return False
        pause = min(2 * pause, LONGEST_PAUSE) if until else FIRST_PAUSE
        memory.set(_state(name), (failures + 1, now + pause, pause), _MEMORY.total_seconds())
        memory.delete(_probe(name))
        return True

    _failing.add(name)
    return shared(note)


def _state(name: str) -> str:
    return f"circuit:{name}"


def _probe(name: str) -> str:
    return f"probe:{name}"
