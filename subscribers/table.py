"""Subscribers as a table (CSV): written for spreadsheets, and read back.

A cell that a spreadsheet would take for a formula begins with an apostrophe; reading takes it off again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from subscribers.models import Subscriber, SubscriberQuerySet

COLUMNS = [
    *("id", "channel", "address", "label", "contact", "state", "language", "time_zone"),
    *("scope", "components", "groups", "incident", "incidents", "maintenance", "min_impact", "cadence"),
    *("quiet_from", "quiet_until", "critical_breaks_quiet", "digest_at"),
    *("consent_source", "consent_note", "created_at", "confirmed_at"),
    *("quarantined_at", "quarantine_reason", "unsubscribed_at"),
]
BETWEEN = "; "
_RENAMED = {"incident": "incident_id", "incidents": "wants_incidents", "maintenance": "wants_maintenance"}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_STEP = 2_000


def head() -> str:
    """The first line, with the mark by which spreadsheets know UTF-8."""
    return "\ufeff" + _line(COLUMNS)


def step(rows: SubscriberQuerySet, after: str) -> tuple[str, str]:
    """The next lines, of rows whose ids come after `after`, and the last of these ids: empty at the end."""
    few = rows.filter(pk__gt=after).order_by("pk").prefetch_related("components", "groups")[:_STEP]
    found = list(few)
    return "".join(_line(_cells(row)) for row in found), found[-1].pk if found else ""


def safe(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(_FORMULAS) else text


def plain(cell: str) -> str:
    """What `safe` was given."""
    bare = cell.strip()
    return bare[1:] if bare.startswith("'") and bare.lstrip("'").startswith(_FORMULAS) else bare


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe(one) for one in cells])
    return out.getvalue()


def _cells(row: Subscriber) -> Iterator[str]:
    names = {
        "components": BETWEEN.join(one.name for one in row.components.all()),
        "groups": BETWEEN.join(one.name for one in row.groups.all()),
    }
    for column in COLUMNS:
        yield names[column] if column in names else _text(getattr(row, _RENAMED.get(column, column)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.isoformat(timespec="seconds")) if hasattr(value, "isoformat") else str(value)
