"""Moving a source in time: a recorded history shown as if it were today's."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from importing.documents import Source

WEEK = timedelta(weeks=1)
_Value = TypeVar("_Value")


def shifted(source: Source, weeks: int) -> Source:
    """The same source with every time `weeks` later, so that weekdays stay what they are."""
    return _moved(source, weeks * WEEK) if weeks else source


def weeks_until_recent(source: Source, now: datetime) -> int:
    """How many whole weeks later the source's last word is under seven days old, and none is yet to come."""
    times = [update.display_at for notice in source.notices for update in notice.updates]
    times += [notice.ended_at or notice.begun_at for notice in source.notices]
    return max(0, (now - max(times)) // WEEK) if times else 0


def _moved(value: _Value, by: timedelta) -> _Value:
    if isinstance(value, datetime | date):
        return value + by
    if isinstance(value, tuple):
        return tuple(_moved(inner, by) for inner in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{field.name: _moved(getattr(value, field.name), by) for field in fields(value)}
        )
    return value
