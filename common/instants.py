"""Instants as machines read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

Stamp = Callable[[datetime], str]
"""How an instant is written."""

_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def in_zone(zone: ZoneInfo) -> Stamp:
    """ISO 8601 with three digits of a second and the zone's offset; `Z` for UTC, as Statuspage writes it.

    London in winter has `+00:00`: only the zone that is UTC has the letter.
    """
    if _SOME_DAY.astimezone(zone).tzname() == "UTC":
        return utc
    return lambda moment: moment.astimezone(zone).isoformat(timespec="milliseconds")


def utc(moment: datetime) -> str:
    """`2026-11-19T14:32:08.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def utc_seconds(moment: datetime) -> str:
    """`2026-11-19T14:32:08Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def optional(stamp: Stamp, moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def retry_after(value: str | None) -> timedelta | None:
    """From now, of a Retry-After header: a number of seconds or an HTTP date; None of anything else."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return timedelta(seconds=int(value.strip()[:9]))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC), timedelta())
